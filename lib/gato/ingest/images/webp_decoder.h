// Decodes WebP files through libwebp.
#pragma once

#include <cstdint>
#include <span>

#include "gato/data/image.h"
#include "gato/ingest/images/exif.h"

namespace gato::ingest {

// Returns RGB, turned upright according to the chunk EXIF unless `orientation`
// says otherwise; alpha is dropped. Throws Error(bad_input) if the file is
// corrupt, truncated or animated, and the errors of check_image_size().
data::Image decode_webp(std::span<const uint8_t> bytes,
                        Orientation orientation = Orientation::upright);

}  // namespace gato::ingest
