#include "gato/eval/chart_axes.h"

#include <fmt/format.h>

#include <cmath>

namespace gato::eval {

using Anchor = Svg::Anchor;

double Scale::operator()(double value) const {
  const double fraction = is_logarithmic
                              ? std::log(value / low) / std::log(high / low)
                              : (value - low) / (high - low);
  return pixel_from + fraction * (pixel_to - pixel_from);
}

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
  const double first = std::ceil(low / step - 1e-9);
  // The range has at most `count` steps. Counting them ends also if `first` is
  // so large that adding one does not change it.
  for (int i = 0; i <= count; ++i) {
    const double value = (first + i) * step;
    if (value <= high + 1e-9 * step) {
      tick_values.push_back(value);
    }
  }
  return tick_values;
}

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

void draw_axes(Svg& svg, const Scale& x, const Scale& y,
               const std::string& x_title, const std::string& y_title,
               int y_ticks) {
  for (double value : x.is_logarithmic ? logarithmic_ticks(x.low, x.high)
                                       : linear_ticks(x.low, x.high, 6)) {
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

void draw_interval(Svg& svg, double x_low, double x_high, double y,
                   double cap) {
  svg.line(x_low, y, x_high, y, kInkColor, 1.5);
  for (double x : {x_low, x_high}) {
    svg.line(x, y - cap, x, y + cap, kInkColor, 1.5);
  }
}

}  // namespace gato::eval
