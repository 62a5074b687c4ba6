// Inline SVG, for charts that live inside an HTML page.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gato::eval {

// Text as HTML or SVG content or attribute: & < > " '.
std::string escape_html(std::string_view text);

// A drawing of width x height user units (CSS pixels at its natural size; it
// shrinks with the page). y grows downwards. Colours are CSS.
class Svg {
 public:
  enum class Anchor { start, middle, end };

  // `label` is what a screen reader says instead.
  Svg(double width, double height, std::string_view label);
  void line(double x1, double y1, double x2, double y2, std::string_view color,
            double width = 1);
  // `tip` is shown under the pointer; may be empty.
  void rectangle(double x, double y, double width, double height,
                 std::string_view color, std::string_view tooltip = {});
  void text(double x, double y, std::string_view content,
            Anchor anchor = Anchor::start, std::string_view css_class = {});
  void polyline(const std::vector<std::pair<double, double>>& points,
                std::string_view color, double width = 2);
  std::string str() const;

 private:
  double width_, height_;
  std::string label_, body_;
};

}  // namespace gato::eval
