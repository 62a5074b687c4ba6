// Images to 16x16 patches (paper 2.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "gato/data/array.h"
#include "gato/data/image.h"
#include "gato/data/tokens.h"

namespace gato::tokenize {

using data::Resize;

// Pixels that lie elsewhere: 8-bit RGB, row-major.
struct ImageView {
  int height = 0, width = 0;
  const uint8_t* pixels = nullptr;  // [height, width, 3]

  ImageView(int height, int width, const uint8_t* pixels)
      : height(height), width(width), pixels(pixels) {}
  ImageView(const data::Image& image)
      : ImageView(image.height, image.width, image.pixels.data()) {}
};

// Which of a document's patches have which pixels: the frames of an episode are
// alike for the most part.
class PatchDeduplicator {
 public:
  // The number of the patch in `document`, always the same one, where it is
  // appended if it is new.
  int32_t find_or_append(const data::Patch& patch,
                         data::TokenizedDocument& document);

  // Pictures come in the same order in every step: the numbers of the `count`
  // patches of the one that took this place in the last step, to be compared
  // with first and then replaced; -1 where there was none.
  void begin_step() { image_index_ = 0; }
  std::vector<int32_t>& next_image_patches(size_t count);

 private:
  std::unordered_map<uint64_t, int32_t> index_by_digest_;  // by digest
  std::vector<std::vector<int32_t>> image_patches_;  // by their place in a step
  size_t image_index_ = 0;
};

// An array that is an image by role, uint8 of rank 2 to 4, as RGB. The smallest
// extent of rank 3 is the channels (ties: the last): 1 channel is grey, 3 are
// RGB, another multiple of 3 a stack of RGB frames, any other number a stack of
// grey frames. [F,H,W,C] is a stack as well. A stack gives its newest, last
// frame. Error (bad_input) for another type, another rank or an empty array.
data::Image to_image(const data::Array& array);
// What image_of() takes of an array of this shape, in words; empty where all of
// it.
std::string describe_selected_frame(const std::vector<int64_t>& shape);
// The same as it lies in the array, where it lies there as RGB.
std::optional<ImageView> as_image_view(const data::Array& array);

// By area, as OpenCV's INTER_AREA.
data::Image resize_by_area(data::Image image, const Resize& resize);

// Appends one token a patch in raster order, after padding the right and the
// bottom with zeros to multiples of 16; grows document.images and, by a patch a
// token or by those that `finder` does not know, document.patches. Error
// (bad_input) for an empty image or one of more than 32767 patches a side.
void encode_image(const ImageView& image, data::TokenizedDocument& document,
                  PatchDeduplicator* deduplicator = nullptr);

}  // namespace gato::tokenize
