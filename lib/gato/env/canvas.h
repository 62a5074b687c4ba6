// Drawing on a small RGB image.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "gato/data/episode.h"

namespace gato {

using Colour = std::array<uint8_t, 3>;

class Canvas {
 public:
  Canvas(int height, int width, Colour background);
  // A pixel outside the image is left out.
  void set(int y, int x, Colour colour);
  void fill(int y, int x, int height, int width, Colour colour);
  // A mask of rows of '#' (drawn) and other characters (left as they are), each
  // enlarged to scale x scale pixels, its upper left corner at (y, x), turned
  // clockwise by `quarter_turns`. The mask is square.
  void stamp(int y, int x, std::span<const std::string_view> mask, int scale,
             Colour colour, int quarter_turns = 0);
  const Image& image() const { return image_; }

 private:
  Image image_;
};

}  // namespace gato
