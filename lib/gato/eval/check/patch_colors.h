// Finds images of one color among tokenized images.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "gato/data/tokens.h"

namespace gato::eval {

// The colors of the distinct patches of a file. Four bytes per patch.
class PatchColors {
 public:
  // `pixels_of` returns the pixels of patch i, which are used at once.
  PatchColors(int64_t count,
              const std::function<const uint8_t*(int64_t)>& pixels_of);

  // Returns whether all pixels of an image are equal. Its patch tokens refer to
  // the patches of the file. The patches of the last row and the last column
  // may be padded.
  bool is_one_color(const data::TokenizedDocument& document,
                    const data::TokenizedImage& image) const;

 private:
  // 0xRRGGBB, with the following bits if only a rectangle at the top left has
  // this color and the rest is black, as padding is; kMixed otherwise.
  static constexpr uint32_t kPaddedRight = 1U << 24, kPaddedBelow = 1U << 25,
                            kMixed = 1U << 26;
  static uint32_t color_of(const uint8_t* pixels);
  std::vector<uint32_t> colors_;
};

}  // namespace gato::eval
