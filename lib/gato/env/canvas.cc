#include "gato/env/canvas.h"

#include <algorithm>
#include <utility>

namespace gato::env {

Canvas::Canvas(int height, int width, Color background) {
  image_.height = height;
  image_.width = width;
  image_.pixels.resize(size_t{3} * height * width);
  fill_rectangle(0, 0, height, width, background);
}

void Canvas::set_pixel(int y, int x, Color color) {
  if (y < 0 || y >= image_.height || x < 0 || x >= image_.width) {
    return;
  }
  std::copy(color.begin(), color.end(),
            image_.pixels.begin() + 3 * (ptrdiff_t{y} * image_.width + x));
}

void Canvas::fill_rectangle(int y, int x, int height, int width, Color color) {
  for (int row = y; row < y + height; ++row) {
    for (int column = x; column < x + width; ++column) {
      set_pixel(row, column, color);
    }
  }
}

void Canvas::draw_mask(int y, int x, std::span<const std::string_view> mask,
                       int scale, Color color, int quarter_turns) {
  const int side = static_cast<int>(mask.size());
  for (int i = 0; i < side; ++i) {
    for (int j = 0; j < side; ++j) {
      if (mask[i][j] != '#') {
        continue;
      }
      // A clockwise quarter turn moves (row, column) to (column, side-1-row).
      int row = i, column = j;
      for (int turn = 0; turn < quarter_turns; ++turn) {
        row = std::exchange(column, side - 1 - row);
      }
      fill_rectangle(y + row * scale, x + column * scale, scale, scale, color);
    }
  }
}

}  // namespace gato::env
