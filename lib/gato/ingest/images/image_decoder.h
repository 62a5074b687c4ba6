// Decodes image files.
#pragma once

#include <filesystem>
#include <span>

#include "gato/data/image.h"
#include "gato/ingest/images/exif.h"

namespace gato::ingest {

// Decodes a JPEG, PNG, WebP, PBM, PGM or PPM to RGB with 8 bits per channel.
// Gray is replicated, CMYK is converted, alpha is dropped, 16-bit values are
// reduced to their upper 8 bits, and the Exif orientation is applied unless
// `orientation` says otherwise. Throws Error(bad_input) if the format is none
// of these or the image is corrupt or truncated, and the errors of
// check_image_size().
data::Image decode_image(std::span<const uint8_t> bytes,
                         Orientation orientation = Orientation::upright);

// The maximum size of an image file.
constexpr int64_t kMaxImageBytes = int64_t{256} << 20;

// Reads and decodes a file. Throws the same errors, with the name of the file,
// Error(bad_input) if it exceeds kMaxImageBytes, and Error(io) if it is missing
// or cannot be read.
data::Image read_image(const std::filesystem::path& path);

}  // namespace gato::ingest
