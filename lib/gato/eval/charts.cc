// The charts compute all coordinates here and draw with Svg. Their colors are
// custom properties of the page's style sheet (html_page.cc), so that they
// follow light and dark mode.
#include "gato/eval/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gato/eval/chart_axes.h"
#include "gato/eval/report_values.h"
#include "gato/eval/svg.h"

namespace gato::eval {
namespace {

using Anchor = Svg::Anchor;

// The part of the score axis that is shown: everything, unless a score is so
// far off that the others could not be distinguished.
constexpr double kMinShownScore = -100, kMaxShownScore = 300;
constexpr size_t kManyTasks = 30;  // more get narrower rows

double shown(double score) {
  return std::clamp(score, kMinShownScore, kMaxShownScore);
}

// Draws a row of the score chart, centered on y = `middle`: the name of the
// task, its bar, the interval as a line with end caps, and the score as a
// number.
void draw_task_row(Svg& svg, const Scale& x, double middle, double bar_height,
                   const TaskScore& task, const std::string& color) {
  svg.text(x.pixel_from - 10, middle + 4, task.task, Anchor::end, "name");
  if (!task.score) {
    svg.text(x(0) + 8, middle + 4, task.note, Anchor::start, "tick");
    return;
  }
  const double score_x = x(shown(*task.score));
  svg.rectangle(std::min(x(0), score_x), middle - bar_height / 2,
                std::abs(score_x - x(0)), bar_height, color,
                fmt::format("{}: {}% {}, {} episodes", task.task,
                            format_number(task.score, 1),
                            format_interval(task.score_low, task.score_high),
                            task.episodes));
  const double high_x = x(shown(*task.score_high));
  draw_interval(svg, x(shown(*task.score_low)), high_x, middle, bar_height / 4);
  svg.text(std::max({score_x, high_x, x(0)}) + 8, middle + 4,
           format_number(task.score, 0), Anchor::start, "value");
}

// Draws the tasks of each domain as an area on top of those of the domains
// before it.
void draw_stacked_domains(Svg& svg, const Scale& x, const Scale& y,
                          const std::vector<ThresholdCount>& thresholds) {
  const size_t domain_count = thresholds.front().domain_counts.size();
  std::vector<int64_t> below(thresholds.size());
  for (size_t d = 0; d < domain_count; ++d) {
    std::vector<std::pair<double, double>> upper, lower;
    for (size_t t = 0; t < thresholds.size(); ++t) {
      // As in the line above them, a count extends to the next threshold.
      const double left = x(thresholds[t].percent);
      const double right = x(std::min(100, thresholds[t].percent + 1));
      const int64_t base = below[t];
      below[t] += thresholds[t].domain_counts[d];
      for (double at : {left, right}) {
        upper.emplace_back(at, y(static_cast<double>(below[t])));
        lower.emplace_back(at, y(static_cast<double>(base)));
      }
    }
    upper.insert(upper.end(), lower.rbegin(), lower.rend());
    svg.polygon(upper, palette_color(d), 0.75);
  }
}

}  // namespace

std::string palette_color(size_t index) {
  constexpr std::array<const char*, 7> kColors = {
      "#0072b2", "#e69f00", "#009e73", "#cc79a7",
      "#56b4e9", "#d55e00", "#8c8c00"};
  return kColors[index % kColors.size()];
}

std::string score_chart(const std::vector<TaskScore>& tasks,
                        const std::vector<AggregateScore>& domains) {
  double low = 0, high = 100;
  size_t max_name_length = 0;
  for (const TaskScore& task : tasks) {
    max_name_length = std::max(max_name_length, task.task.size());
    if (!task.score) {
      continue;
    }
    low = std::min({low, shown(*task.score), shown(*task.score_low)});
    high = std::max({high, shown(*task.score), shown(*task.score_high)});
  }
  const double row_height = tasks.size() > kManyTasks ? 18 : 26;
  constexpr double kTop = 40, kWidth = 860, kRightMargin = 70;
  const double left =
      std::min(320.0, 24 + 7.4 * static_cast<double>(max_name_length));
  const double bottom = kTop + row_height * static_cast<double>(tasks.size());
  const Scale x{low, high * 1.02, left, kWidth - kRightMargin};
  Svg svg(kWidth, bottom + 44, "Expert-normalized score of each task");

  for (double value : linear_ticks(low, high, 6)) {
    svg.line(x(value), kTop - 6, x(value), bottom, kGridColor);
    svg.text(x(value), bottom + 18, format_tick(value), Anchor::middle, "tick");
  }
  for (const auto& [value, name] :
       {std::pair{0.0, "random"}, std::pair{100.0, "expert"}}) {
    svg.line(x(value), kTop - 6, x(value), bottom, kInkColor);
    svg.text(x(value), kTop - 14, name, Anchor::middle, "tick");
  }
  for (size_t i = 0; i < tasks.size(); ++i) {
    const size_t domain_index =
        std::ranges::find(domains, tasks[i].domain, &AggregateScore::domain) -
        domains.begin();
    draw_task_row(svg, x, kTop + row_height * (static_cast<double>(i) + 0.5),
                  row_height - 8, tasks[i], palette_color(domain_index));
  }
  svg.text((x.pixel_from + x.pixel_to) / 2, bottom + 38,
           "expert-normalized score (%)", Anchor::middle, "title");
  return svg.str();
}

std::string threshold_chart(const std::vector<ThresholdCount>& thresholds,
                            int64_t task_count) {
  const Scale x{0, 100, 60, 840};
  const Scale y{0, static_cast<double>(std::max<int64_t>(1, task_count)), 250,
                40};
  Svg svg(860, 300, "Number of tasks at or above each score");
  draw_axes(svg, x, y, "expert-normalized score (%)",
            "tasks at or above this score",
            static_cast<int>(std::clamp<int64_t>(task_count, 1, 5)));
  if (!thresholds.empty()) {
    draw_stacked_domains(svg, x, y, thresholds);
  }
  // A task counts up to and including the threshold that it reaches, so each
  // count extends to the next threshold, and the step down is there.
  std::vector<std::pair<double, double>> points;
  for (const ThresholdCount& threshold : thresholds) {
    const double threshold_x = x(threshold.percent);
    if (!points.empty()) {
      points.push_back({threshold_x, points.back().second});
    }
    points.push_back(
        {threshold_x, y(static_cast<double>(threshold.task_count))});
  }
  svg.polyline(points,
               thresholds.empty() || thresholds.front().domain_counts.empty()
                   ? palette_color(0)
                   : std::string(kInkColor),
               2);
  return svg.str();
}

std::string line_chart(const std::vector<Series>& series,
                       const std::string& x_title, const std::string& y_title,
                       bool has_legend) {
  Scale x{0, 0, 70, 840}, y{0, 0, 250, 40};
  bool is_first = true;
  for (const Series& one : series) {
    for (const auto& [point_x, point_y] : one.points) {
      x.low = is_first ? point_x : std::min(x.low, point_x);
      x.high = is_first ? point_x : std::max(x.high, point_x);
      y.low = is_first ? point_y : std::min(y.low, point_y);
      y.high = is_first ? point_y : std::max(y.high, point_y);
      is_first = false;
    }
  }
  if (x.high == x.low) {
    x.high = x.low + 1;
  }
  if (y.high == y.low) {
    y.high = y.low + 1;
  }
  y.is_logarithmic = y.low > 0 && y.high > 10 * y.low;
  Svg svg(860, 300, y_title + " over " + x_title);
  draw_axes(svg, x, y, x_title, y_title);
  // The legend grows from right to left, so the last series comes first.
  double legend_x = x.pixel_to;
  for (size_t s = series.size(); s-- > 0;) {
    std::vector<std::pair<double, double>> points;
    for (const auto& [point_x, point_y] : series[s].points) {
      points.push_back({x(point_x), y(point_y)});
    }
    svg.polyline(points, palette_color(s));
    if (series.size() < 2 || !has_legend) {
      continue;
    }
    svg.text(legend_x, 20, series[s].name, Anchor::end, "tick");
    legend_x -= 7.0 * static_cast<double>(series[s].name.size()) + 14;
    svg.rectangle(legend_x, 11, 10, 10, palette_color(s));
    legend_x -= 18;
  }
  return svg.str();
}

}  // namespace gato::eval
