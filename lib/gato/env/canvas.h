// Draws on a small RGB image.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "gato/data/image.h"

namespace gato::env {

using Color = std::array<uint8_t, 3>;

class Canvas {
 public:
  Canvas(int height, int width, Color background);
  // Pixels outside the image are ignored, here and below.
  void set_pixel(int y, int x, Color color);
  void fill_rectangle(int y, int x, int height, int width, Color color);
  // Draws a square mask with its upper left corner at (y, x), rotated clockwise
  // by `quarter_turns` x 90 degrees. Each '#' of the mask becomes scale x scale
  // pixels; all other characters leave the image as it is.
  void draw_mask(int y, int x, std::span<const std::string_view> mask,
                 int scale, Color color, int quarter_turns = 0);
  const data::Image& image() const { return image_; }

 private:
  data::Image image_;
};

}  // namespace gato::env
