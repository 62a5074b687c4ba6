// Decodes PNG files through libpng.
//
// OpenCV's decoder lets libpng print its messages to stderr, without the name
// of the file.
#pragma once

#include <cstdint>
#include <span>

#include "gato/data/image.h"
#include "gato/ingest/images/exif.h"

namespace gato::ingest {

// Returns RGB with 8 bits per channel, turned upright according to eXIf unless
// `orientation` says otherwise. Gray is replicated, alpha is dropped, 16-bit
// values are reduced to their upper 8 bits, and gamma is ignored. Throws
// Error(bad_input) with libpng's message if the file is corrupt or truncated,
// and the errors of check_image_size().
data::Image decode_png(std::span<const uint8_t> bytes,
                       Orientation orientation = Orientation::upright);

}  // namespace gato::ingest
