// Decodes compressed images that datasets store as frames.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gato/data/image.h"

namespace gato::ingest {

// Decodes a frame as decode_image() does, but ignores the Exif orientation, as
// the readers of Minari and robomimic do. Throws the same errors as
// decode_image(), and Error(bad_input) if a PNG or PNM file has 16 bits per
// channel: that is usually a depth image, whose upper 8 bits carry little
// information.
data::Image decode_frame(std::span<const uint8_t> bytes);

// Throws Error(bad_input) unless the shape is [H,W], [H,W,1] or [H,W,3] (RGB).
void check_frame_shape(const std::vector<int64_t>& shape);

// Decodes a frame to uint8 of that shape at `pixels`. Color is converted to
// luminance if there is one channel. Throws Error(bad_input) as above and if
// the image has a different size.
void decode_frame(std::span<const uint8_t> bytes,
                  const std::vector<int64_t>& shape, uint8_t* pixels);

}  // namespace gato::ingest
