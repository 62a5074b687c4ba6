// Scales and axes of charts, and the colors that follow light and dark mode.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gato/eval/svg.h"

namespace gato::eval {

// Custom properties of the page's style sheet (html_page.cc).
inline constexpr std::string_view kGridColor = "var(--grid)";
inline constexpr std::string_view kInkColor = "var(--ink)";

// Maps values in [low, high] to coordinates in [pixel_from, pixel_to]. A
// logarithmic scale requires low > 0.
struct Scale {
  double low, high, pixel_from, pixel_to;
  bool is_logarithmic = false;
  double operator()(double value) const;
};

// Returns about `count` round numbers in [low, high], in steps of 1, 2 or 5
// times a power of ten.
std::vector<double> linear_ticks(double low, double high, int count);

// Returns 1, 2 and 5 times the powers of ten in [low, high].
std::vector<double> logarithmic_ticks(double low, double high);

std::string format_tick(double value);

// Draws axes with ticks, horizontal grid lines and titles.
void draw_axes(Svg& svg, const Scale& x, const Scale& y,
               const std::string& x_title, const std::string& y_title,
               int y_ticks = 5);

// Draws an interval as a horizontal line with end caps, centered on y.
void draw_interval(Svg& svg, double x_low, double x_high, double y,
                   double cap = 4);

}  // namespace gato::eval
