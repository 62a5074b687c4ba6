#include "gato/env/world_canvas.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gato::env {
namespace {

// Returns how much of the unit interval that begins at `pixel` is within
// [low, high].
double overlap(int pixel, double low, double high) {
  return std::clamp(std::min(high, pixel + 1.0) - std::max<double>(low, pixel),
                    0.0, 1.0);
}

struct PixelRange {
  int begin = 0, end = 0;
};

// Returns the pixels that touch [low, high] and are in [0, size).
PixelRange clip(double low, double high, int size) {
  const double limit = size;
  return {static_cast<int>(std::clamp(std::floor(low), 0.0, limit)),
          static_cast<int>(std::clamp(std::ceil(high), 0.0, limit))};
}

}  // namespace

WorldCanvas::WorldCanvas(int height, int width, const PlaneView& view,
                         Color background)
    : image_(Canvas(height, width, background).image()),
      view_(view),
      pixels_per_unit_(height / view.height) {}

// Pixel (row, column) covers [column, column + 1) x [row, row + 1).
PlanePoint WorldCanvas::to_pixels(PlanePoint point) const {
  return {image_.width / 2.0 + (point.x - view_.center.x) * pixels_per_unit_,
          image_.height / 2.0 - (point.y - view_.center.y) * pixels_per_unit_};
}

void WorldCanvas::blend_pixel(int row, int column, Color color,
                              double coverage) {
  uint8_t* pixel = image_.pixels.data() +
                   3 * (static_cast<ptrdiff_t>(row) * image_.width + column);
  if (coverage >= 1) {
    std::ranges::copy(color, pixel);
    return;
  }
  const int weight = static_cast<int>(256 * coverage + 0.5);
  for (int c = 0; c < 3; ++c) {
    pixel[c] = static_cast<uint8_t>(
        (pixel[c] * (256 - weight) + color[c] * weight + 128) >> 8);
  }
}

void WorldCanvas::fill_disc(PlanePoint center, double radius, Color color) {
  fill_rod(center, center, 2 * radius, color);
}

// The coverage of a pixel is taken from the distance between its center and the
// rod's axis. In each row, only the columns near the part of the axis that is
// within reach of the row are visited.
void WorldCanvas::fill_rod(PlanePoint from, PlanePoint to, double thickness,
                           Color color) {
  PlanePoint top = to_pixels(from), bottom = to_pixels(to);
  if (top.y > bottom.y) {
    std::swap(top, bottom);
  }
  const double radius = thickness / 2 * pixels_per_unit_, reach = radius + 0.5;
  const double dx = bottom.x - top.x, dy = bottom.y - top.y;
  const double inverse_square = 1 / std::max(dx * dx + dy * dy, 1e-12);
  const PixelRange rows = clip(top.y - reach, bottom.y + reach, image_.height);
  for (int row = rows.begin; row < rows.end; ++row) {
    const double y = row + 0.5 - top.y;
    const double inverse_dy = 1 / std::max(dy, 1e-9);
    const double x0 = top.x + dx * std::clamp((y - reach) * inverse_dy, 0., 1.);
    const double x1 = top.x + dx * std::clamp((y + reach) * inverse_dy, 0., 1.);
    const PixelRange columns =
        clip(std::min(x0, x1) - reach, std::max(x0, x1) + reach, image_.width);
    for (int column = columns.begin; column < columns.end; ++column) {
      const double x = column + 0.5 - top.x;
      const double along =
          std::clamp((x * dx + y * dy) * inverse_square, 0.0, 1.0);
      const double across_x = x - along * dx, across_y = y - along * dy;
      const double distance =
          std::sqrt(across_x * across_x + across_y * across_y);
      if (distance < reach) {
        blend_pixel(row, column, color, std::min(reach - distance, 1.0));
      }
    }
  }
}

void WorldCanvas::fill_box(PlanePoint center, double width, double height,
                           Color color) {
  const PlanePoint top = to_pixels({center.x - width / 2,  //
                                    center.y + height / 2});
  const PlanePoint bottom = to_pixels({center.x + width / 2,  //
                                       center.y - height / 2});
  const PixelRange rows = clip(top.y, bottom.y, image_.height);
  const PixelRange columns = clip(top.x, bottom.x, image_.width);
  for (int row = rows.begin; row < rows.end; ++row) {
    const double row_share = overlap(row, top.y, bottom.y);
    for (int column = columns.begin; column < columns.end; ++column) {
      blend_pixel(row, column, color,
                  row_share * overlap(column, top.x, bottom.x));
    }
  }
}

}  // namespace gato::env
