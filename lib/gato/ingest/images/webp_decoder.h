// Decodes WebP files through libwebp.
#pragma once

#include <cstdint>
#include <span>

#include "gato/data/image.h"

namespace gato::ingest {

// Returns RGB, turned upright according to the chunk EXIF; alpha is dropped.
// Throws Error(bad_input) if the file is corrupt, truncated or animated, and as
// check_image_size() does.
data::Image decode_webp(std::span<const uint8_t> bytes);

}  // namespace gato::ingest
