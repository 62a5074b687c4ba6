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
  const int top = std::max(y, 0), bottom = std::min(y + height, image_.height);
  const int left = std::max(x, 0), right = std::min(x + width, image_.width);
  if (top >= bottom || left >= right) {
    return;
  }
  // The first row is filled pixel by pixel, and the others are copies of it.
  const ptrdiff_t row_bytes = ptrdiff_t{3} * image_.width;
  const auto first = image_.pixels.begin() + top * row_bytes + 3 * left;
  const auto end = first + ptrdiff_t{3} * (right - left);
  for (auto pixel = first; pixel != end; pixel += 3) {
    std::copy(color.begin(), color.end(), pixel);
  }
  for (int row = top + 1; row < bottom; ++row) {
    std::copy(first, end, first + (row - top) * row_bytes);
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
