// Inline SVG for the charts of an HTML page.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gato::eval {

// A drawing of width x height user units, which are CSS pixels unless the page
// is narrower and shrinks the drawing. y grows downward. Colors are CSS colors;
// coordinates are rounded to 0.1. All text is escaped.
class Svg {
 public:
  enum class Anchor { start, middle, end };

  // `label` describes the drawing to screen readers.
  Svg(double width, double height, std::string_view label);
  void line(double x1, double y1, double x2, double y2, std::string_view color,
            double width = 1);
  // `tooltip` is shown while the pointer hovers; may be empty.
  void rectangle(double x, double y, double width, double height,
                 std::string_view color, std::string_view tooltip = {});
  void text(double x, double y, std::string_view content,
            Anchor anchor = Anchor::start, std::string_view css_class = {});
  void polyline(const std::vector<std::pair<double, double>>& points,
                std::string_view color, double width = 2);
  // Fills the area with the opacity.
  void polygon(const std::vector<std::pair<double, double>>& points,
               std::string_view color, double opacity = 1);
  void circle(double x, double y, double radius, std::string_view color,
              double opacity = 1, std::string_view tooltip = {});
  // Returns the <svg> element.
  std::string str() const;

 private:
  double width_, height_;
  std::string label_, body_;
};

}  // namespace gato::eval
