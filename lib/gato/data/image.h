// Decoded images and the size that they are resized to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gato::data {

// 8-bit RGB, row-major.
struct Image {
  int height = 0, width = 0;
  std::vector<uint8_t> pixels;  // [height, width, 3]
};

// A target size; 0 x 0 keeps an image as it is.
struct Resize {
  int height = 0, width = 0;
};

// Parses "HxW", for example "64x80"; an empty text is no resize. Throws
// Error(usage) beginning with `label` if it is anything else or a side is not
// from 1 to 16384.
Resize parse_resize(const std::string& text, const std::string& label);

}  // namespace gato::data
