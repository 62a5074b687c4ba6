// The depth of a face is an affine function of the pixel, so a face is filled
// row by row with one comparison per pixel.
#include "gato/env/robot/robot_camera.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gato::env {
namespace {

constexpr Color kFloor = {60, 62, 66}, kTable = {205, 200, 190};

// Returns `color` with its brightness multiplied by `shade`.
Color shaded(Color color, double shade) {
  Color result;
  for (size_t i = 0; i < color.size(); ++i) {
    result[i] = static_cast<uint8_t>(std::lround(color[i] * shade));
  }
  return result;
}

}  // namespace

RobotCamera::RobotCamera(int size, double elevation, double target_z,
                         double extent, double table_half_size)
    : size_(size),
      sine_(std::sin(elevation)),
      cosine_(std::cos(elevation)),
      target_z_(target_z),
      pixels_per_meter_(size / extent),
      background_(size_t{3} * size * size),
      depths_(size_t{1} * size * size) {
  for (size_t i = 0; i < background_.size(); ++i) {
    background_[i] = kFloor[i % kFloor.size()];
  }
  const double half = table_half_size;
  std::ranges::fill(depths_, std::numeric_limits<float>::infinity());
  draw_face({project({-half, -half}, 0), project({half, -half}, 0),
             project({half, half}, 0), project({-half, half}, 0)},
            kTable, background_);
}

void RobotCamera::draw(std::span<const ColoredPrism> prisms,
                       std::span<uint8_t> pixels) {
  std::ranges::copy(background_, pixels.begin());
  std::ranges::fill(depths_, std::numeric_limits<float>::infinity());
  for (const ColoredPrism& colored : prisms) {
    draw_prism(colored, pixels);
  }
}

// With an elevation of e, the camera's axes are (1, 0, 0) to the right,
// (0, sin e, cos e) up and (0, cos e, -sin e) away from the camera.
RobotCamera::ImagePoint RobotCamera::project(TablePoint point, double z) const {
  const double height = z - target_z_;
  return {
      size_ / 2.0 + pixels_per_meter_ * point.x,
      size_ / 2.0 - pixels_per_meter_ * (sine_ * point.y + cosine_ * height),
      cosine_ * point.y - sine_ * height};
}

void RobotCamera::draw_prism(const ColoredPrism& colored,
                             std::span<uint8_t> pixels) {
  const Prism& prism = colored.prism;
  const TablePoint along = prism.half_length * prism.axis,
                   across = prism.half_width * perpendicular(prism.axis);
  // Counterclockwise from above.
  const std::array<TablePoint, 4> base = {
      prism.center - along - across, prism.center + along - across,
      prism.center + along + across, prism.center - along + across};
  std::array<ImagePoint, 4> top;
  for (int i = 0; i < 4; ++i) {
    top[i] = project(base[i], prism.top);
  }
  draw_face(top, colored.color, pixels);
  if (cosine_ < 1e-6) {
    return;  // seen from straight above
  }
  const std::array<TablePoint, 4> normals = {
      -1.0 * perpendicular(prism.axis), prism.axis, perpendicular(prism.axis),
      -1.0 * prism.axis};
  for (int i = 0; i < 4; ++i) {
    if (normals[i].y >= 0) {
      continue;  // faces away from the camera
    }
    const int next = (i + 1) % 4;
    // The light comes from the front on the right.
    const double shade = 0.6 + 0.2 * normals[i].x;
    draw_face({project(base[i], prism.bottom),
               project(base[next], prism.bottom), top[next], top[i]},
              shaded(colored.color, shade), pixels);
  }
}

void RobotCamera::draw_face(const std::array<ImagePoint, 4>& corners,
                            Color color, std::span<uint8_t> pixels) {
  // Depth = first.depth + slope_x (x - first.x) + slope_y (y - first.y).
  const ImagePoint& first = corners[0];
  const double ax = corners[1].x - first.x, ay = corners[1].y - first.y,
               ad = corners[1].depth - first.depth;
  const double bx = corners[3].x - first.x, by = corners[3].y - first.y,
               bd = corners[3].depth - first.depth;
  const double area = ax * by - ay * bx;
  if (std::abs(area) < 1e-9) {
    return;
  }
  const double slope_x = (ad * by - bd * ay) / area,
               slope_y = (bd * ax - ad * bx) / area;
  const auto [low, high] =
      std::minmax({corners[0].y, corners[1].y, corners[2].y, corners[3].y});
  // The pixel in row r and column c is covered if its center,
  // (c + 0.5, r + 0.5), is inside.
  const int first_row = std::max(0, static_cast<int>(std::ceil(low - 0.5))),
            end_row = std::min(size_, static_cast<int>(std::ceil(high - 0.5)));
  for (int row = first_row; row < end_row; ++row) {
    const double y = row + 0.5;
    double left = std::numeric_limits<double>::infinity(), right = -left;
    for (int i = 0; i < 4; ++i) {
      const ImagePoint &from = corners[i], &to = corners[(i + 1) % 4];
      if ((from.y <= y) != (to.y <= y)) {
        const double x =
            from.x + (y - from.y) / (to.y - from.y) * (to.x - from.x);
        left = std::min(left, x);
        right = std::max(right, x);
      }
    }
    if (left > right) {
      continue;
    }
    const int first_column =
                  std::max(0, static_cast<int>(std::ceil(left - 0.5))),
              end_column =
                  std::min(size_, static_cast<int>(std::ceil(right - 0.5)));
    const double row_depth =
        first.depth + slope_y * (y - first.y) - slope_x * first.x;
    float* depths = depths_.data() + ptrdiff_t{row} * size_;
    uint8_t* row_pixels = pixels.data() + ptrdiff_t{3} * row * size_;
    for (int column = first_column; column < end_column; ++column) {
      const auto depth =
          static_cast<float>(row_depth + slope_x * (column + 0.5));
      if (depth < depths[column]) {
        depths[column] = depth;
        std::copy_n(color.data(), 3, row_pixels + ptrdiff_t{3} * column);
      }
    }
  }
}

}  // namespace gato::env
