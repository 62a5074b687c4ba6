// Splits images into patches of 16x16 pixels (Reed et al. 2022, section 2.1).
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

// A view of the pixels of an image: 8-bit RGB, row-major. Does not own them.
struct ImageView {
  int height = 0, width = 0;
  const uint8_t* pixels = nullptr;  // [height, width, 3]

  ImageView(int height, int width, const uint8_t* pixels)
      : height(height), width(width), pixels(pixels) {}
  ImageView(const data::Image& image)
      : ImageView(image.height, image.width, image.pixels.data()) {}
};

// Finds the patches of a document that have the same pixels. The frames of an
// episode are similar for the most part.
class PatchDeduplicator {
 public:
  // Returns the index of the patch in document.patches, to which it is appended
  // if it is new. The document must be the same in every call.
  int32_t find_or_append(const data::Patch& patch,
                         data::TokenizedDocument& document);

  // begin_step() begins a time step; images come in the same order in every
  // step. next_image_patches() returns the patch indices of the corresponding
  // image of the previous step, which the caller compares with the new image
  // and then replaces. All of them are -1 if that image did not have `count`
  // patches.
  void begin_step() { image_index_ = 0; }
  std::vector<int32_t>& next_image_patches(size_t count);

 private:
  std::unordered_map<uint64_t, int32_t> index_by_digest_;
  // [image within a step][patch in raster order]: index in document.patches.
  std::vector<std::vector<int32_t>> image_patches_;
  size_t image_index_ = 0;
};

// Converts an array of role image, which is uint8 of rank 2 to 4, to RGB. In
// rank 3 the smallest extent is that of the channels (if several are equal, the
// last): 1 channel is gray, 3 are RGB, another multiple of 3 is a stack of RGB
// frames, and any other number is a stack of gray frames. [F,H,W,C] is a stack
// of frames, too. The result for a stack is its last frame, which is the
// newest. Throws Error(bad_input) for any other type or rank, or an empty
// array.
data::Image to_image(const data::Array& array);
// Describes which part of an array of this shape to_image() uses; empty if it
// uses all of it.
std::string describe_selected_frame(const std::vector<int64_t>& shape);
// Returns a view of what to_image() would return, or nullopt if the array does
// not contain it as RGB pixels.
std::optional<ImageView> as_image_view(const data::Array& array);

// Resizes by averaging over areas (OpenCV's INTER_AREA).
data::Image resize_by_area(data::Image image, const Resize& resize);

// Pads the right and the bottom of the image with zeros to multiples of 16 and
// appends one token per patch, in raster order. Also appends to document.images
// and document.patches. Without a deduplicator, every token has its own patch.
// Throws Error(bad_input) if the image is empty or has more than 32767 patches
// per side.
void encode_image(const ImageView& image, data::TokenizedDocument& document,
                  PatchDeduplicator* deduplicator = nullptr);

}  // namespace gato::tokenize
