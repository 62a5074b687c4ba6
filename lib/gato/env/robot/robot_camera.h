// Cameras that look at prisms: parallel projection, flat shading and a depth
// buffer.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "gato/env/canvas.h"
#include "gato/env/robot/prism.h"

namespace gato::env {

struct ColoredPrism {
  Prism prism;
  Color color;
};

class RobotCamera {
 public:
  // A camera that looks at the point (0, 0, target_z) from above the front (the
  // side of negative y), down by `elevation`: 0 is horizontal, pi/2 straight
  // down. Its square image has `size` x `size` pixels and shows `extent` meters
  // of the plane through that point, and below everything the table, a square
  // of `table_half_size`.
  RobotCamera(int size, double elevation, double target_z, double extent,
              double table_half_size);

  int size() const { return size_; }
  // Draws an image, RGB in row-major order, into `pixels`. Prisms must not be
  // below the table.
  void draw(std::span<const ColoredPrism> prisms, std::span<uint8_t> pixels);

 private:
  // A point in pixels, x to the right and y down, and its depth in meters,
  // which increases away from the camera.
  struct ImagePoint {
    double x = 0, y = 0, depth = 0;
  };
  ImagePoint project(TablePoint point, double z) const;
  void draw_prism(const ColoredPrism& colored, std::span<uint8_t> pixels);
  // The corners are those of a parallelogram, in order.
  void draw_face(const std::array<ImagePoint, 4>& corners, Color color,
                 std::span<uint8_t> pixels);

  int size_;
  double sine_, cosine_;  // of the elevation
  double target_z_, pixels_per_meter_;
  std::vector<uint8_t> background_;
  std::vector<float> depths_;
};

}  // namespace gato::env
