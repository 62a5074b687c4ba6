#include "gato/eval/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gato/eval/report.h"
#include "gato/eval/svg.h"

namespace gato {
namespace {

using Anchor = Svg::Anchor;

constexpr std::string_view kGrid = "var(--grid)";
constexpr std::string_view kInk = "var(--ink)";

// A scale from values to places on the paper; a logarithmic one needs low > 0.
struct Scale {
  double low, high, from, to;
  bool is_logarithmic = false;
  double operator()(double value) const {
    const double share = is_logarithmic
                             ? std::log(value / low) / std::log(high / low)
                             : (value - low) / (high - low);
    return from + share * (to - from);
  }
};

// About `count` round numbers within [low, high]: steps of 1, 2 or 5.
std::vector<double> ticks(double low, double high, int count) {
  const double raw = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (double factor : {5.0, 2.0, 1.0})
    if (factor * power >= raw) step = factor * power;
  std::vector<double> places;
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * step;
       ++i)
    places.push_back(i * step);
  return places;
}

// 1, 2 and 5 times the powers of ten within [low, high].
std::vector<double> logarithmic_ticks(double low, double high) {
  std::vector<double> places;
  for (double power = std::floor(std::log10(low)); std::pow(10, power) <= high;
       ++power)
    for (double factor : {1.0, 2.0, 5.0})
      if (const double value = factor * std::pow(10, power);
          value >= low && value <= high)
        places.push_back(value);
  return places;
}

std::string tick_text(double value) {
  return fmt::format("{:.6g}", value == 0 ? 0.0 : value);
}

// Axes with ticks, grid lines and titles around a plot.
void draw_axes(Svg& svg, const Scale& x, const Scale& y,
               const std::string& x_title, const std::string& y_title,
               int y_ticks = 5) {
  for (double value : ticks(x.low, x.high, 6)) {
    svg.line(x(value), y.from, x(value), y.from + 4, kInk);
    svg.text(x(value), y.from + 18, tick_text(value), Anchor::middle, "tick");
  }
  for (double value : y.is_logarithmic ? logarithmic_ticks(y.low, y.high)
                                       : ticks(y.low, y.high, y_ticks)) {
    svg.line(x.from, y(value), x.to, y(value), kGrid);
    svg.text(x.from - 8, y(value) + 4, tick_text(value), Anchor::end, "tick");
  }
  svg.line(x.from, y.from, x.to, y.from, kInk);
  svg.text((x.from + x.to) / 2, y.from + 38, x_title, Anchor::middle, "title");
  svg.text(x.from, y.to - 12, y_title, Anchor::start, "title");
}

}  // namespace

std::string group_colour(size_t group) {
  constexpr std::array<const char*, 7> colours = {
      "#0072b2", "#e69f00", "#009e73", "#cc79a7",
      "#56b4e9", "#d55e00", "#8c8c00"};
  return colours[group % colours.size()];
}

std::string score_chart(const std::vector<TaskScore>& tasks,
                        const std::vector<Aggregate>& domains) {
  double low = 0, high = 100;
  size_t longest = 0;
  for (const TaskScore& task : tasks) {
    longest = std::max(longest, task.task.size());
    if (!task.score) continue;
    low = std::min({low, *task.score, *task.score_low});
    high = std::max({high, *task.score, *task.score_high});
  }
  constexpr double kRow = 26, kTop = 40, kWidth = 860, kRight = 70;
  const double left = std::min(320.0, 24 + 7.4 * static_cast<double>(longest));
  const double bottom = kTop + kRow * static_cast<double>(tasks.size());
  const Scale x{low, high * 1.02, left, kWidth - kRight};
  Svg svg(kWidth, bottom + 44, "Score of each task in percent of the expert");

  for (double value : ticks(low, high, 6)) {
    svg.line(x(value), kTop - 6, x(value), bottom, kGrid);
    svg.text(x(value), bottom + 18, tick_text(value), Anchor::middle, "tick");
  }
  for (const auto& [value, name] :
       {std::pair{0.0, "random"}, std::pair{100.0, "expert"}}) {
    svg.line(x(value), kTop - 6, x(value), bottom, kInk);
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
    const size_t group =
        std::ranges::find(domains, task.domain, &Aggregate::domain) -
        domains.begin();
    const double end = x(*task.score);
    svg.rectangle(
        std::min(x(0), end), middle - 8, std::abs(end - x(0)), 16,
        group_colour(group),
        fmt::format("{}: {} % [{}, {}], {} episodes", task.task,
                    number_text(task.score, 1), number_text(task.score_low, 1),
                    number_text(task.score_high, 1), task.episodes));
    const double from = x(*task.score_low), to = x(*task.score_high);
    svg.line(from, middle, to, middle, kInk, 1.5);
    for (double place : {from, to})
      svg.line(place, middle - 4, place, middle + 4, kInk, 1.5);
    svg.text(std::max({end, to, x(0)}) + 8, middle + 4,
             number_text(task.score, 0), Anchor::start, "value");
  }
  svg.text((x.from + x.to) / 2, bottom + 38, "percent of the expert's score",
           Anchor::middle, "title");
  return svg.str();
}

std::string threshold_chart(const std::vector<Threshold>& thresholds,
                            int64_t tasks) {
  const Scale x{0, 100, 60, 840};
  const Scale y{0, static_cast<double>(std::max<int64_t>(1, tasks)), 250, 40};
  Svg svg(860, 300, "Tasks at or above each percentage of the expert's score");
  draw_axes(svg, x, y, "percent of the expert's score", "tasks at or above",
            static_cast<int>(std::clamp<int64_t>(tasks, 1, 5)));
  std::vector<std::pair<double, double>> points;
  for (const Threshold& threshold : thresholds) {
    const double height = y(static_cast<double>(threshold.tasks));
    if (!points.empty()) points.push_back({points.back().first, height});
    points.push_back({x(threshold.percent), height});
  }
  // A task counts up to the percentage it reaches: the fall comes after it.
  for (size_t i = 1; i + 1 < points.size(); i += 2)
    points[i] = {points[i + 1].first, points[i - 1].second};
  svg.polyline(points, group_colour(0), 2.5);
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
  if (x.high == x.low) x.high = x.low + 1;
  if (y.high == y.low) y.high = y.low + 1;
  y.is_logarithmic = y.low > 0 && y.high > 10 * y.low;
  Svg svg(860, 300, y_title + " over " + x_title);
  draw_axes(svg, x, y, x_title, y_title);
  double legend = x.to;
  for (size_t s = series.size(); s-- > 0;) {
    std::vector<std::pair<double, double>> points;
    for (const auto& [px, py] : series[s].points)
      points.push_back({x(px), y(py)});
    svg.polyline(points, group_colour(s));
    if (series.size() < 2) continue;
    svg.text(legend, 20, series[s].name, Anchor::end, "tick");
    legend -= 7.0 * static_cast<double>(series[s].name.size()) + 14;
    svg.rectangle(legend, 11, 10, 10, group_colour(s));
    legend -= 18;
  }
  return svg.str();
}

}  // namespace gato
