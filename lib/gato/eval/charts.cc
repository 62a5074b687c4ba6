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

// A scale from values to places on the paper; a logarithmic one needs low > 0.
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

// About `count` round numbers within [low, high]: steps of 1, 2 or 5.
std::vector<double> linear_ticks(double low, double high, int count) {
  const double raw = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= raw) {
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

// 1, 2 and 5 times the powers of ten within [low, high].
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
  return fmt::format("{:.6g}", value == 0 ? 0.0 : value);
}

// Axes with ticks, grid lines and titles around a plot.
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
  constexpr double kRow = 26, kTop = 40, kWidth = 860, kRight = 70;
  const double left =
      std::min(320.0, 24 + 7.4 * static_cast<double>(max_name_length));
  const double bottom = kTop + kRow * static_cast<double>(tasks.size());
  const Scale x{low, high * 1.02, left, kWidth - kRight};
  Svg svg(kWidth, bottom + 44, "Score of each task in percent of the expert");

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
    const TaskScore& task = tasks[i];
    const double middle = kTop + kRow * (static_cast<double>(i) + 0.5);
    svg.text(left - 10, middle + 4, task.task, Anchor::end, "name");
    if (!task.score) {
      svg.text(x(0) + 8, middle + 4, task.note, Anchor::start, "tick");
      continue;
    }
    const size_t domain_index =
        std::ranges::find(domains, task.domain, &AggregateScore::domain) -
        domains.begin();
    const double end = x(*task.score);
    svg.rectangle(
        std::min(x(0), end), middle - 8, std::abs(end - x(0)), 16,
        palette_color(domain_index),
        fmt::format("{}: {} % [{}, {}], {} episodes", task.task,
                    format_number(task.score, 1),
                    format_number(task.score_low, 1),
                    format_number(task.score_high, 1), task.episodes));
    const double from = x(*task.score_low), to = x(*task.score_high);
    svg.line(from, middle, to, middle, kInkColor, 1.5);
    for (double cap_x : {from, to}) {
      svg.line(cap_x, middle - 4, cap_x, middle + 4, kInkColor, 1.5);
    }
    svg.text(std::max({end, to, x(0)}) + 8, middle + 4,
             format_number(task.score, 0), Anchor::start, "value");
  }
  svg.text((x.pixel_from + x.pixel_to) / 2, bottom + 38,
           "percent of the expert's score", Anchor::middle, "title");
  return svg.str();
}

std::string threshold_chart(const std::vector<ThresholdCount>& thresholds,
                            int64_t task_count) {
  const Scale x{0, 100, 60, 840};
  const Scale y{0, static_cast<double>(std::max<int64_t>(1, task_count)), 250,
                40};
  Svg svg(860, 300, "Tasks at or above each percentage of the expert's score");
  draw_axes(svg, x, y, "percent of the expert's score", "tasks at or above",
            static_cast<int>(std::clamp<int64_t>(task_count, 1, 5)));
  std::vector<std::pair<double, double>> points;
  for (const ThresholdCount& threshold : thresholds) {
    const double height = y(static_cast<double>(threshold.task_count));
    if (!points.empty()) {
      points.push_back({points.back().first, height});
    }
    points.push_back({x(threshold.percent), height});
  }
  // A task counts up to the percentage it reaches: the fall comes after it.
  for (size_t i = 1; i + 1 < points.size(); i += 2) {
    points[i] = {points[i + 1].first, points[i - 1].second};
  }
  svg.polyline(points, palette_color(0), 2.5);
  return svg.str();
}

std::string line_chart(const std::vector<Series>& series,
                       const std::string& x_title, const std::string& y_title) {
  Scale x{0, 0, 70, 840}, y{0, 0, 250, 40};
  bool is_first = true;
  for (const Series& one : series) {
    for (const auto& [px, py] : one.points) {
      x.low = is_first ? px : std::min(x.low, px);
      x.high = is_first ? px : std::max(x.high, px);
      y.low = is_first ? py : std::min(y.low, py);
      y.high = is_first ? py : std::max(y.high, py);
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
  double legend = x.pixel_to;
  for (size_t s = series.size(); s-- > 0;) {
    std::vector<std::pair<double, double>> points;
    for (const auto& [px, py] : series[s].points) {
      points.push_back({x(px), y(py)});
    }
    svg.polyline(points, palette_color(s));
    if (series.size() < 2) {
      continue;
    }
    svg.text(legend, 20, series[s].name, Anchor::end, "tick");
    legend -= 7.0 * static_cast<double>(series[s].name.size()) + 14;
    svg.rectangle(legend, 11, 10, 10, palette_color(s));
    legend -= 18;
  }
  return svg.str();
}

}  // namespace gato::eval
