#include "gato/eval/svg.h"

#include <fmt/format.h>

#include "gato/eval/html_page.h"

namespace gato::eval {

namespace {

std::string format_points(
    const std::vector<std::pair<double, double>>& points) {
  std::string coordinates;
  for (const auto& [x, y] : points) {
    coordinates += fmt::format("{:.1f},{:.1f} ", x, y);
  }
  return coordinates;
}

}  // namespace

Svg::Svg(double width, double height, std::string_view label)
    : width_(width), height_(height), label_(label) {}

void Svg::line(double x1, double y1, double x2, double y2,
               std::string_view color, double width) {
  body_ += fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" "
      "stroke=\"{}\" stroke-width=\"{}\"/>\n",
      x1, y1, x2, y2, color, width);
}

void Svg::rectangle(double x, double y, double width, double height,
                    std::string_view color, std::string_view tooltip) {
  body_ += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
      "rx=\"2\" fill=\"{}\">",
      x, y, width, height, color);
  if (!tooltip.empty()) {
    body_ += fmt::format("<title>{}</title>", escape_html(tooltip));
  }
  body_ += "</rect>\n";
}

void Svg::text(double x, double y, std::string_view content, Anchor anchor,
               std::string_view css_class) {
  const char* const anchor_names[] = {"start", "middle", "end"};
  body_ += fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"{}\">{}"
      "</text>\n",
      x, y, anchor_names[static_cast<int>(anchor)], css_class,
      escape_html(content));
}

void Svg::polyline(const std::vector<std::pair<double, double>>& points,
                   std::string_view color, double width) {
  body_ += fmt::format(
      "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" "
      "stroke-linejoin=\"round\"/>\n",
      format_points(points), color, width);
}

void Svg::polygon(const std::vector<std::pair<double, double>>& points,
                  std::string_view color, double opacity) {
  body_ +=
      fmt::format("<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"{}\"/>\n",
                  format_points(points), color, opacity);
}

void Svg::circle(double x, double y, double radius, std::string_view color,
                 double opacity, std::string_view tooltip) {
  body_ += fmt::format(
      "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\" "
      "fill-opacity=\"{}\">",
      x, y, radius, color, opacity);
  if (!tooltip.empty()) {
    body_ += fmt::format("<title>{}</title>", escape_html(tooltip));
  }
  body_ += "</circle>\n";
}

std::string Svg::str() const {
  return fmt::format(
      "<svg viewBox=\"0 0 {0} {1}\" width=\"{0}\" role=\"img\" "
      "aria-label=\"{2}\">\n{3}</svg>\n",
      width_, height_, escape_html(label_), body_);
}

}  // namespace gato::eval
