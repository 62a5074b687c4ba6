#include "gato/eval/check/patch_colors.h"

namespace gato::eval {

PatchColors::PatchColors(
    int64_t count, const std::function<const uint8_t*(int64_t)>& pixels_of) {
  colors_.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    colors_.push_back(color_of(pixels_of(i)));
  }
}

uint32_t PatchColors::color_of(const uint8_t* pixels) {
  constexpr size_t kSide = 16;
  const auto pixel = [pixels](size_t y, size_t x) {
    const uint8_t* at = pixels + 3 * (y * kSide + x);
    return static_cast<uint32_t>(at[0]) << 16 |
           static_cast<uint32_t>(at[1]) << 8 | at[2];
  };
  const uint32_t color = pixel(0, 0);
  size_t width = 1, height = 1;
  while (width < kSide && pixel(0, width) == color) {
    ++width;
  }
  while (height < kSide && pixel(height, 0) == color) {
    ++height;
  }
  for (size_t y = 0; y < kSide; ++y) {
    for (size_t x = 0; x < kSide; ++x) {
      if (pixel(y, x) != (y < height && x < width ? color : 0)) {
        return kMixed;
      }
    }
  }
  return color | (width < kSide ? kPaddedRight : 0) |
         (height < kSide ? kPaddedBelow : 0);
}

bool PatchColors::is_one_color(const data::TokenizedDocument& document,
                               const data::TokenizedImage& image) const {
  const auto color_at = [&](int row, int column) {
    const auto token = static_cast<size_t>(
        image.first_token + int64_t{row} * image.columns + column);
    const int64_t index = data::patch_index(document.tokens.at(token));
    return colors_.at(static_cast<size_t>(index));
  };
  constexpr uint32_t kRgb = 0xffffff;
  const uint32_t color = color_at(0, 0) & kRgb;
  for (int row = 0; row < image.rows; ++row) {
    for (int column = 0; column < image.columns; ++column) {
      const uint32_t padding = (row + 1 == image.rows ? kPaddedBelow : 0) |
                               (column + 1 == image.columns ? kPaddedRight : 0);
      if ((color_at(row, column) & ~padding) != color) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace gato::eval
