#include "gato/eval/check/patch_colors.h"

#include <algorithm>
#include <tuple>

namespace gato::eval {

PatchColors::PatchColors(
    int64_t count, const std::function<const uint8_t*(int64_t)>& pixels_of) {
  colors_.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    colors_.push_back(color_of(pixels_of(i)));
  }
}

uint32_t PatchColors::color_of(const uint8_t* pixels) {
  uint32_t color = 0;
  bool has_black = false;
  for (size_t i = 0; i < std::tuple_size_v<data::Patch>; i += 3) {
    const uint32_t pixel = static_cast<uint32_t>(pixels[i]) << 16 |
                           static_cast<uint32_t>(pixels[i + 1]) << 8 |
                           pixels[i + 2];
    has_black |= pixel == 0;
    if (color == 0) {
      color = pixel;
    } else if (pixel != 0 && pixel != color) {
      return kMixed;
    }
  }
  return color != 0 && has_black ? color | kHasBlack : color;
}

bool PatchColors::is_one_color(const data::TokenizedDocument& document,
                               const data::TokenizedImage& image) const {
  const auto color_at = [&](int row, int column) {
    const auto token = static_cast<size_t>(
        image.first_token + int64_t{row} * image.columns + column);
    const int64_t index = data::patch_index(document.tokens.at(token));
    return colors_.at(static_cast<size_t>(index));
  };
  const uint32_t color = color_at(0, 0) & ~kHasBlack;
  for (int row = 0; row < image.rows; ++row) {
    for (int column = 0; column < image.columns; ++column) {
      const bool may_be_padded =
          row + 1 == image.rows || column + 1 == image.columns;
      const uint32_t found = color_at(row, column);
      if (found != color &&
          !(may_be_padded && (found == 0 || found == (color | kHasBlack)))) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace gato::eval
