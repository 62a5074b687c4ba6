// One ray per column of the image finds the nearest wall by stepping from cell
// to cell (digital differential analysis: Amanatides & Woo 1987). A ray is the
// view direction plus a multiple of the vector to the right, so the ray's
// parameter at the wall is the distance along the view direction, without the
// fish-eye effect. Since all walls have the same height, the nearest one hides
// all others. Things are drawn from far to near; behind a wall, only what is
// above the wall's upper edge is drawn.
//
// Each pixel shows what is at its center. Only +, -, *, / and rounding are
// used, so images do not depend on the math library.
#include "gato/env/maze/ray_caster.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace gato::env {
namespace {

constexpr double kEyeHeight = 0.5, kWallHeight = 0.7;
// Things that are nearer than this are not drawn.
constexpr double kMinDepth = 0.15;
constexpr double kSqrtHalf = 0.70710678118654752;

// Returns the first pixel whose center is at or after `edge`.
int first_pixel(double edge) { return static_cast<int>(std::ceil(edge - 0.5)); }

Color mask_color(char c, Color color) {
  switch (c) {
    case '#':
      return color;
    case '+':
      return {static_cast<uint8_t>(color[0] / 2),
              static_cast<uint8_t>(color[1] / 2),
              static_cast<uint8_t>(color[2] / 2)};
    case 'g':
      return {40, 130, 50};
    case 'b':
      return {110, 75, 40};
    default:
      return {245, 245, 245};
  }
}

}  // namespace

RayCaster::RayCaster(int side)
    : side_(side), focal_length_(side / 2.0), background_(side * side) {
  for (int heading = 0; heading < kHeadingCount; ++heading) {
    const MazePosition step = kHeadings[heading];
    const double scale = step.x != 0 && step.y != 0 ? kSqrtHalf : 1;
    const Vector ahead = {step.x * scale, step.y * scale};
    const Vector right = {-ahead.y, ahead.x};
    ahead_[heading] = ahead;
    right_[heading] = right;
    for (int column = 0; column < side; ++column) {
      const double slope = (column + 0.5) / focal_length_ - 1;
      rays_[heading].push_back(
          {ahead.x + slope * right.x, ahead.y + slope * right.y});
    }
  }
  // Both sky and floor become darker toward the horizon.
  for (int row = 0; row < side; ++row) {
    const double from_horizon = std::abs(row + 0.5 - focal_length_);
    const double light = 0.5 + 0.5 * from_horizon / focal_length_;
    const Color color =
        row < focal_length_ ? Color{110, 170, 230} : Color{120, 115, 105};
    for (int column = 0; column < side; ++column) {
      for (int channel = 0; channel < 3; ++channel) {
        background_[row * side + column][channel] =
            static_cast<uint8_t>(color[channel] * light);
      }
    }
  }
}

data::Image RayCaster::render(const MazeScene& scene,
                              const MazePose& pose) const {
  const Vector eye = {static_cast<double>(pose.position.x) / kQuarters,
                      static_cast<double>(pose.position.y) / kQuarters};
  Frame frame = background_;
  std::vector<Column> columns(side_);
  for (int column = 0; column < side_; ++column) {
    columns[column] =
        draw_wall(frame, column, scene,
                  cast(scene.labyrinth, eye, rays_[pose.heading][column]));
  }
  // Coordinates of the things: x to the right of the eye and y ahead of it.
  std::vector<std::pair<const MazeThing*, Vector>> visible;
  for (const MazeThing& thing : scene.things) {
    const double dx = static_cast<double>(thing.position.x) / kQuarters - eye.x,
                 dy = static_cast<double>(thing.position.y) / kQuarters - eye.y;
    const Vector ahead = ahead_[pose.heading], right = right_[pose.heading];
    const Vector relative = {dx * right.x + dy * right.y,
                             dx * ahead.x + dy * ahead.y};
    if (thing.is_present && relative.y > kMinDepth) {
      visible.emplace_back(&thing, relative);
    }
  }
  std::ranges::stable_sort(visible, std::greater<>(),
                           [](const auto& entry) { return entry.second.y; });
  for (const auto& [thing, relative] : visible) {
    draw_thing(frame, columns, *thing, relative);
  }
  data::Image image;
  image.height = image.width = side_;
  image.pixels.resize(frame.size() * sizeof(Color));
  std::memcpy(image.pixels.data(), frame.data(), image.pixels.size());
  return image;
}

RayCaster::Hit RayCaster::cast(const Labyrinth& labyrinth, Vector from,
                               Vector ray) {
  // The work is the same along both axes: `next` is the ray's parameter where
  // it enters the next cell, and `delta` how much it grows per cell. A point on
  // the border of two cells belongs to the one that the ray is about to cross.
  constexpr double kNever = std::numeric_limits<double>::infinity();
  const auto start = [](double position, double slope) {
    const double cell = std::floor(position);
    return static_cast<int>(slope < 0 && cell == position ? cell - 1 : cell);
  };
  const auto first = [](double position, double slope, int cell) {
    return slope > 0   ? (cell + 1 - position) / slope
           : slope < 0 ? (cell - position) / slope
                       : kNever;
  };
  Labyrinth::Cell cell = {start(from.x, ray.x), start(from.y, ray.y)};
  double next_x = first(from.x, ray.x, cell.x),
         next_y = first(from.y, ray.y, cell.y);
  const double delta_x = ray.x == 0 ? kNever : 1 / std::abs(ray.x),
               delta_y = ray.y == 0 ? kNever : 1 / std::abs(ray.y);
  const int direction_x = ray.x > 0 ? Labyrinth::east : Labyrinth::west,
            direction_y = ray.y > 0 ? Labyrinth::south : Labyrinth::north;
  while (true) {
    const bool crosses_x = next_x < next_y;
    const int direction = crosses_x ? direction_x : direction_y;
    if (labyrinth.has_wall(cell, direction)) {
      const double depth = crosses_x ? next_x : next_y;
      const double along =
          crosses_x ? from.y + depth * ray.y : from.x + depth * ray.x;
      return {depth, along - std::floor(along), cell, direction};
    }
    cell = Labyrinth::neighbor(cell, direction);
    (crosses_x ? next_x : next_y) += crosses_x ? delta_x : delta_y;
  }
}

RayCaster::Column RayCaster::draw_wall(Frame& frame, int column,
                                       const MazeScene& scene,
                                       const Hit& hit) const {
  const double scale = focal_length_ / hit.depth;
  const double top = focal_length_ - (kWallHeight - kEyeHeight) * scale,
               bottom = focal_length_ + kEyeHeight * scale;
  const int first = std::max(first_pixel(top), 0),
            end = std::min(first_pixel(bottom), side_);
  const auto& texels = scene.texture(
      hit.cell, hit.direction)[static_cast<int>(hit.along * kTexels)];
  // Rows of the texture as fixed-point numbers with 16 fractional bits.
  const double texels_per_pixel = kTexels / (bottom - top);
  const int step = static_cast<int>(texels_per_pixel * 65536);
  int texel = static_cast<int>((first + 0.5 - top) * texels_per_pixel * 65536);
  Color* pixel = frame.data() + first * side_ + column;
  for (int row = first; row < end; ++row) {
    *pixel = texels[std::min(texel >> 16, kTexels - 1)];
    pixel += side_;
    texel += step;
  }
  return {hit.depth, first};
}

void RayCaster::draw_thing(Frame& frame, const std::vector<Column>& columns,
                           const MazeThing& thing, Vector relative) const {
  const MazeSprite& sprite = *thing.sprite;
  const double scale = focal_length_ / relative.y;
  const double width = sprite.width * scale;
  const double left = focal_length_ + relative.x * scale - width / 2;
  const double top = focal_length_ - (sprite.top - kEyeHeight) * scale,
               bottom = focal_length_ - (sprite.bottom - kEyeHeight) * scale;
  const int mask_width = static_cast<int>(sprite.mask[0].size()),
            mask_height = static_cast<int>(sprite.mask.size());
  const int first = std::max(first_pixel(left), 0),
            end = std::min(first_pixel(left + width), side_);
  for (int column = first; column < end; ++column) {
    const int mask_column =
        std::clamp(static_cast<int>((column + 0.5 - left) / width * mask_width),
                   0, mask_width - 1);
    int end_row = std::min(first_pixel(bottom), side_);
    if (columns[column].depth < relative.y) {
      end_row = std::min(end_row, columns[column].wall_top);
    }
    for (int row = std::max(first_pixel(top), 0); row < end_row; ++row) {
      const int mask_row = std::clamp(
          static_cast<int>((row + 0.5 - top) / (bottom - top) * mask_height), 0,
          mask_height - 1);
      const char c = sprite.mask[mask_row][mask_column];
      if (c != '.') {
        frame[row * side_ + column] = mask_color(c, thing.color);
      }
    }
  }
}

}  // namespace gato::env
