#include "gato/env/canvas.h"

#include <algorithm>
#include <utility>

namespace gato {

Canvas::Canvas(int height, int width, Colour background) {
  image_.height = height;
  image_.width = width;
  image_.pixels.resize(size_t{3} * height * width);
  fill(0, 0, height, width, background);
}

void Canvas::set(int y, int x, Colour colour) {
  if (y < 0 || y >= image_.height || x < 0 || x >= image_.width) return;
  std::copy(colour.begin(), colour.end(),
            image_.pixels.begin() + 3 * (ptrdiff_t{y} * image_.width + x));
}

void Canvas::fill(int y, int x, int height, int width, Colour colour) {
  for (int row = y; row < y + height; ++row)
    for (int column = x; column < x + width; ++column) set(row, column, colour);
}

void Canvas::stamp(int y, int x, std::span<const std::string_view> mask,
                   int scale, Colour colour, int quarter_turns) {
  const int side = static_cast<int>(mask.size());
  for (int i = 0; i < side; ++i)
    for (int j = 0; j < side; ++j) {
      if (mask[i][j] != '#') continue;
      int row = i, column = j;
      for (int turn = 0; turn < quarter_turns; ++turn)
        row = std::exchange(column, side - 1 - row);
      fill(y + row * scale, x + column * scale, scale, scale, colour);
    }
}

}  // namespace gato
