// Drawing on a small RGB image.
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
  // A pixel outside the image is left out.
  void set_pixel(int y, int x, Color color);
  void fill_rectangle(int y, int x, int height, int width, Color color);
  // A mask of rows of '#' (drawn) and other characters (left as they are), each
  // enlarged to scale x scale pixels, its upper left corner at (y, x), turned
  // clockwise by `quarter_turns`. The mask is square.
  void draw_mask(int y, int x, std::span<const std::string_view> mask,
                 int scale, Color color, int quarter_turns = 0);
  const data::Image& image() const { return image_; }

 private:
  data::Image image_;
};

}  // namespace gato::env
