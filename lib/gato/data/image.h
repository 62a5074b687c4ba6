// Decoded images and the size that they are resized to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gato::data {

// An 8-bit RGB image in row-major order.
struct Image {
  int height = 0, width = 0;
  std::vector<uint8_t> pixels;  // [height, width, 3]
};

// A target size in pixels; 0 x 0 leaves an image unchanged.
struct Resize {
  int height = 0, width = 0;
};

// Parses "HxW", for example "64x80". An empty text means no resizing. Throws
// Error(usage), with a message that begins with `label`, if the text has
// another form or a side is not from 1 to 16384.
Resize parse_resize(const std::string& text, const std::string& label);

}  // namespace gato::data
