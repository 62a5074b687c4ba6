#include "gato/eval/few_shot_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "gato/eval/chart_axes.h"
#include "gato/eval/charts.h"
#include "gato/eval/html_page.h"
#include "gato/eval/report_values.h"

namespace gato::eval {
namespace {

// The horizontal distance of the curves at the same number of demonstrations,
// so that their intervals do not cover each other.
constexpr double kCurveOffset = 7;
constexpr double kCapWidth = 4;

// The range of values, which grows to include each of them.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void include(const std::optional<double>& value) {
    if (value) {
      low = std::min(low, *value);
      high = std::max(high, *value);
    }
  }
  bool is_empty() const { return low > high; }
};

std::optional<double> plotted_value(const FewShotReport& report,
                                    const FewShotPoint& point) {
  return report.has_scores ? point.score : point.best_return;
}

// Returns the value of a reference on the y axis: of the returns, or of the
// scores, which it defines.
std::optional<double> reference_level(const FewShotReport& report,
                                      const std::optional<double>& reference,
                                      double score) {
  return report.has_scores ? std::optional(score) : reference;
}

void draw_reference(Svg& svg, const Scale& x, const Scale& y,
                    const std::optional<double>& level, const char* name) {
  if (!level) {
    return;
  }
  svg.line(x.pixel_from, y(*level), x.pixel_to, y(*level), kInkColor, 1.5);
  svg.text(x.pixel_to, y(*level) - 6, name, Svg::Anchor::end, "tick");
}

void draw_curve(Svg& svg, const Scale& x, const Scale& y,
                const FewShotReport& report, size_t index) {
  const FewShotCurve& curve = report.curves[index];
  const std::string color = palette_color(index);
  const double offset =
      kCurveOffset * (static_cast<double>(index) -
                      static_cast<double>(report.curves.size() - 1) / 2);
  const auto x_of = [&](int64_t episodes) {
    return x(static_cast<double>(episodes)) + offset;
  };
  std::vector<std::pair<double, double>> line;
  for (const FewShotSummary& summary : curve.summary) {
    if (!summary.mean) {
      continue;
    }
    const double center = x_of(summary.episodes);
    line.emplace_back(center, y(*summary.mean));
    svg.line(center, y(*summary.low), center, y(*summary.high), color, 1.5);
    for (const double end : {*summary.low, *summary.high}) {
      svg.line(center - kCapWidth, y(end), center + kCapWidth, y(end), color,
               1.5);
    }
  }
  svg.polyline(line, color);
  for (const FewShotPoint& point : curve.points) {
    const std::optional<double> value = plotted_value(report, point);
    if (value) {
      svg.circle(
          x_of(point.episodes), y(*value), 3.5, color, 0.6,
          fmt::format("{}, {} demonstrations, repeat {}: {}", curve.name,
                      point.episodes, point.repeat, format_return(value)));
    }
  }
}

std::string legend_html(const FewShotReport& report) {
  std::string html = "<div class=\"legend\">";
  for (size_t i = 0; i < report.curves.size(); ++i) {
    html += fmt::format("<span><i style=\"background:{}\"></i>{}</span>",
                        palette_color(i), escape_html(report.curves[i].name));
  }
  return html + "</div>\n";
}

}  // namespace

std::string few_shot_chart(const FewShotReport& report) {
  Range episodes, values;
  const std::optional<double> random =
      reference_level(report, report.random, 0);
  const std::optional<double> expert =
      reference_level(report, report.expert, 100);
  values.include(random);
  values.include(expert);
  for (const FewShotCurve& curve : report.curves) {
    for (const FewShotPoint& point : curve.points) {
      episodes.include(static_cast<double>(point.episodes));
      values.include(plotted_value(report, point));
    }
  }
  if (episodes.is_empty() || values.is_empty()) {
    return "<p class=\"note\">No run has enough evaluations for a value.</p>\n";
  }
  // A curve of one number of demonstrations is in the middle.
  const double margin = episodes.high > episodes.low ? 1.25 : 2;
  const double padding =
      values.high > values.low ? 0.05 * (values.high - values.low) : 1;
  const Scale x{std::max(episodes.low, 0.5) / margin, episodes.high * margin,
                70, 840, /*is_logarithmic=*/true};
  const Scale y{values.low - padding, values.high + padding, 370, 40};
  Svg svg(860, 420, "Score by number of demonstrations");
  draw_axes(svg, x, y, "demonstrations",
            report.has_scores ? "expert-normalized score (%)" : "return");
  draw_reference(svg, x, y, random, "random");
  draw_reference(svg, x, y, expert, "expert");
  for (size_t i = 0; i < report.curves.size(); ++i) {
    draw_curve(svg, x, y, report, i);
  }
  return legend_html(report) + svg.str();
}

}  // namespace gato::eval
