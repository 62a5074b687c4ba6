#include "gato/eval/score_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gato/base/random.h"
#include "gato/eval/chart_axes.h"
#include "gato/eval/charts.h"
#include "gato/eval/report_values.h"

namespace gato::eval {
namespace {

using Anchor = Svg::Anchor;

constexpr double kWidth = 860, kTop = 30, kRowHeight = 30, kRightMargin = 90;
constexpr double kMinShownScore = -50, kMaxShownScore = 150;

// A row of labels on the left, and a common scale.
struct RowChart {
  RowChart(const std::vector<std::string>& labels, double low, double high,
           double row_height, const std::string& description,
           const std::string& title)
      : row_height(row_height),
        bottom(kTop + row_height * static_cast<double>(labels.size())),
        x{low, high, left_margin(labels), kWidth - kRightMargin},
        svg(kWidth, bottom + 44, description) {
    for (double value : linear_ticks(low, high, 8)) {
      svg.line(x(value), kTop - 6, x(value), bottom, kGridColor);
      svg.text(x(value), bottom + 18, format_tick(value), Anchor::middle,
               "tick");
    }
    for (size_t row = 0; row < labels.size(); ++row) {
      svg.text(x.pixel_from - 10, middle(row) + 4, labels[row], Anchor::end,
               "name");
    }
    svg.text((x.pixel_from + x.pixel_to) / 2, bottom + 38, title,
             Anchor::middle, "title");
  }

  static double left_margin(const std::vector<std::string>& labels) {
    size_t longest = 0;
    for (const std::string& label : labels) {
      longest = std::max(longest, label.size());
    }
    return std::min(320.0, 24 + 7.4 * static_cast<double>(longest));
  }
  double middle(size_t row) const {
    return kTop + row_height * (static_cast<double>(row) + 0.5);
  }
  // Returns the x of a value, at the edge if it is beyond the scale.
  double clamped(double value) const {
    return x(std::clamp(value, x.low, x.high));
  }
  void mark(double value, const std::string& name) {
    svg.line(x(value), kTop - 6, x(value), bottom, kInkColor);
    svg.text(x(value), kTop - 12, name, Anchor::middle, "tick");
  }
  // Draws a value as a dot with its interval, and as a number on the right.
  void draw_estimate(size_t row, double value, const std::optional<double>& low,
                     const std::optional<double>& high, int decimals) {
    if (low && high) {
      draw_interval(svg, clamped(*low), clamped(*high), middle(row), 5);
    }
    svg.circle(clamped(value), middle(row), 5.5, kInkColor, 1,
               fmt::format("{:.{}f} {}", value, decimals,
                           format_interval(low, high, decimals)));
    svg.text(x.pixel_to + 18, middle(row) + 4,
             fmt::format("{:.{}f}", value, decimals), Anchor::start, "value");
  }

  double row_height, bottom;
  Scale x;
  Svg svg;
};

// Draws the dots of the tasks of a domain, spread over the height of the row so
// that equal scores can be distinguished.
void draw_task_dots(RowChart& chart, size_t row,
                    const std::vector<TaskScore>& tasks,
                    const std::string& domain, const std::string& color) {
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].domain != domain || !tasks[i].score) {
      continue;
    }
    const double offset =
        (base::random_uniform(0, {i}) - 0.5) * (chart.row_height - 12);
    chart.svg.circle(chart.clamped(*tasks[i].score), chart.middle(row) + offset,
                     3.5, color, 0.8,
                     fmt::format("{}: {}%", tasks[i].task,
                                 format_number(tasks[i].score, 1)));
  }
}

}  // namespace

std::string domain_chart(const ScoreReport& report) {
  double low = 0, high = 100;
  for (const TaskScore& task : report.tasks) {
    if (task.score) {
      low = std::max(kMinShownScore, std::min(low, *task.score));
      high = std::min(kMaxShownScore, std::max(high, *task.score));
    }
  }
  std::vector<std::string> labels;
  for (const AggregateScore& domain : report.domains) {
    labels.push_back(fmt::format("{} ({})", domain.domain, domain.task_count));
  }
  labels.push_back(fmt::format("all ({})", report.overall.task_count));
  RowChart chart(labels, low, high, kRowHeight,
                 "Scores of the tasks and interquartile mean of each domain",
                 "expert-normalized score (%): tasks, and interquartile mean "
                 "with 95% interval");
  chart.mark(0, "random");
  chart.mark(100, "expert");
  for (size_t d = 0; d < report.domains.size(); ++d) {
    const AggregateScore& domain = report.domains[d];
    draw_task_dots(chart, d, report.tasks, domain.domain, palette_color(d));
    if (domain.iqm) {
      chart.draw_estimate(d, *domain.iqm, domain.iqm_low, domain.iqm_high, 1);
    }
  }
  if (report.overall.iqm) {
    chart.draw_estimate(report.domains.size(), *report.overall.iqm,
                        report.overall.iqm_low, report.overall.iqm_high, 1);
  }
  return chart.svg.str();
}

std::string profile_chart(const std::vector<ProfilePoint>& profile) {
  const double high = profile.empty() ? 1 : profile.back().percent;
  const Scale x{0, high, 60, 840};
  const Scale y{0, 1, 250, 40};
  Svg svg(kWidth, 300, "Share of runs above each score");
  draw_axes(svg, x, y, "expert-normalized score (%)",
            "share of the runs above this score");
  std::vector<std::pair<double, double>> line, band;
  for (const ProfilePoint& point : profile) {
    line.emplace_back(x(point.percent), y(point.share));
    band.emplace_back(x(point.percent), y(point.high));
  }
  for (size_t i = profile.size(); i-- > 0;) {
    band.emplace_back(x(profile[i].percent), y(profile[i].low));
  }
  svg.polygon(band, palette_color(0), 0.25);
  svg.polyline(line, palette_color(0), 2.5);
  return svg.str();
}

std::string configuration_chart(
    const std::vector<ConfigurationScore>& configurations) {
  double low = 0, high = 100;
  std::vector<std::string> labels;
  for (const ConfigurationScore& configuration : configurations) {
    labels.push_back(
        fmt::format("{} ({} runs)", configuration.name, configuration.runs));
    for (const auto& value :
         {configuration.overall.iqm_low, configuration.overall.iqm_high}) {
      low = std::max(kMinShownScore, std::min(low, value.value_or(low)));
      high = std::min(kMaxShownScore, std::max(high, value.value_or(high)));
    }
  }
  RowChart chart(labels, low, high, kRowHeight,
                 "Interquartile mean of each configuration",
                 "interquartile mean of the scores (%), with 95% interval over "
                 "training runs");
  for (size_t row = 0; row < configurations.size(); ++row) {
    const AggregateScore& overall = configurations[row].overall;
    if (overall.iqm) {
      chart.draw_estimate(row, *overall.iqm, overall.iqm_low, overall.iqm_high,
                          1);
    }
  }
  return chart.svg.str();
}

std::string comparison_chart(const ComparisonReport& report) {
  std::vector<const TaskComparison*> rows{&report.overall};
  for (const TaskComparison& task : report.tasks) {
    if (task.improvement) {
      rows.push_back(&task);
    }
  }
  if (rows.size() == 1) {
    return "";
  }
  std::vector<std::string> labels;
  labels.reserve(rows.size());
  for (const TaskComparison* row : rows) {
    labels.push_back(row->task);
  }
  RowChart chart(labels, 0, 1, rows.size() > 30 ? 18 : 26,
                 "Probability that A is better than B",
                 "probability that A is better than B, with 95% interval");
  chart.mark(0.5, "equal");
  for (size_t row = 0; row < rows.size(); ++row) {
    chart.draw_estimate(row, *rows[row]->improvement,
                        rows[row]->improvement_low, rows[row]->improvement_high,
                        2);
  }
  return chart.svg.str();
}

}  // namespace gato::eval
