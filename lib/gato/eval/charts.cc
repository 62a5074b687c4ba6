// The charts compute all coordinates here and draw with Svg. Their colors are
// custom properties of the page's style sheet (html_page.cc), so that they
// follow light and dark mode.
#include "gato/eval/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gato/eval/score_report.h"
#include "gato/eval/svg.h"

namespace gato::eval {
namespace {

using Anchor = Svg::Anchor;

constexpr std::string_view kGridColor = "var(--grid)";
constexpr std::string_view kInkColor = "var(--ink)";

// Maps values in [low, high] to coordinates in [pixel_from, pixel_to]. A
// logarithmic scale requires low > 0.
struct Scale {
  double low, high, pixel_from, pixel_to;
  bool is_logarithmic = false;
  double operator()(double value) const {
    const double fraction = is_logarithmic
                                ? std::log(value / low) / std::log(high / low)
                                : (value - low) / (high - low);
    return pixel_from + fraction * (pixel_to - pixel_from);
  }
};

// Returns about `count` round numbers in [low, high], in steps of 1, 2 or 5
// times a power of ten.
std::vector<double> linear_ticks(double low, double high, int count) {
  const double min_step = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(min_step)));
  double step = 10 * power;
  for (double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= min_step) {
      step = factor * power;
    }
  }
  std::vector<double> tick_values;
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * step;
       ++i) {
    tick_values.push_back(i * step);
  }
  return tick_values;
}

// Returns 1, 2 and 5 times the powers of ten in [low, high].
std::vector<double> logarithmic_ticks(double low, double high) {
  std::vector<double> tick_values;
  for (double power = std::floor(std::log10(low)); std::pow(10, power) <= high;
       ++power) {
    for (double factor : {1.0, 2.0, 5.0}) {
      if (const double value = factor * std::pow(10, power);
          value >= low && value <= high) {
        tick_values.push_back(value);
      }
    }
  }
  return tick_values;
}

std::string format_tick(double value) {
  return fmt::format("{:.6g}", value == 0 ? 0.0 : value);  // -0 becomes 0
}

// Draws axes with ticks, horizontal grid lines and titles.
void draw_axes(Svg& svg, const Scale& x, const Scale& y,
               const std::string& x_title, const std::string& y_title,
               int y_ticks = 5) {
  for (double value : linear_ticks(x.low, x.high, 6)) {
    svg.line(x(value), y.pixel_from, x(value), y.pixel_from + 4, kInkColor);
    svg.text(x(value), y.pixel_from + 18, format_tick(value), Anchor::middle,
             "tick");
  }
  for (double value : y.is_logarithmic ? logarithmic_ticks(y.low, y.high)
                                       : linear_ticks(y.low, y.high, y_ticks)) {
    svg.line(x.pixel_from, y(value), x.pixel_to, y(value), kGridColor);
    svg.text(x.pixel_from - 8, y(value) + 4, format_tick(value), Anchor::end,
             "tick");
  }
  svg.line(x.pixel_from, y.pixel_from, x.pixel_to, y.pixel_from, kInkColor);
  svg.text((x.pixel_from + x.pixel_to) / 2, y.pixel_from + 38, x_title,
           Anchor::middle, "title");
  svg.text(x.pixel_from, y.pixel_to - 12, y_title, Anchor::start, "title");
}

// Draws a row of the score chart, centered on y = `middle`: the name of the
// task, its bar, the interval as a line with end caps, and the score as a
// number.
void draw_task_row(Svg& svg, const Scale& x, double middle,
                   const TaskScore& task, const std::string& color) {
  svg.text(x.pixel_from - 10, middle + 4, task.task, Anchor::end, "name");
  if (!task.score) {
    svg.text(x(0) + 8, middle + 4, task.note, Anchor::start, "tick");
    return;
  }
  const double score_x = x(*task.score);
  svg.rectangle(std::min(x(0), score_x), middle - 8, std::abs(score_x - x(0)),
                16, color,
                fmt::format("{}: {}% [{}, {}], {} episodes", task.task,
                            format_number(task.score, 1),
                            format_number(task.score_low, 1),
                            format_number(task.score_high, 1), task.episodes));
  const double low_x = x(*task.score_low), high_x = x(*task.score_high);
  svg.line(low_x, middle, high_x, middle, kInkColor, 1.5);
  for (double cap_x : {low_x, high_x}) {
    svg.line(cap_x, middle - 4, cap_x, middle + 4, kInkColor, 1.5);
  }
  svg.text(std::max({score_x, high_x, x(0)}) + 8, middle + 4,
           format_number(task.score, 0), Anchor::start, "value");
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
    low = std::min({low, *task.score, *task.score_low});
    high = std::max({high, *task.score, *task.score_high});
  }
  constexpr double kRowHeight = 26, kTop = 40, kWidth = 860, kRightMargin = 70;
  const double left =
      std::min(320.0, 24 + 7.4 * static_cast<double>(max_name_length));
  const double bottom = kTop + kRowHeight * static_cast<double>(tasks.size());
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
    draw_task_row(svg, x, kTop + kRowHeight * (static_cast<double>(i) + 0.5),
                  tasks[i], palette_color(domain_index));
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
  svg.polyline(points, palette_color(0), 2.5);
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
