// WebP files, through libwebp.
#pragma once

#include <cstdint>
#include <span>

#include "gato/data/image.h"

namespace gato::ingest {

// RGB, upright as the chunk EXIF says; alpha is dropped. Error (bad_input)
// where it is damaged, cut short or animated, and as check_image_size() says.
data::Image decode_webp(std::span<const uint8_t> bytes);

}  // namespace gato::ingest
