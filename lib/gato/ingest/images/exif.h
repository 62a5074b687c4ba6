// The orientation of photographs (Exif).
#pragma once

#include <cstdint>
#include <span>

#include "gato/data/image.h"

namespace gato::ingest {

// Photographs are turned upright. Frames of datasets stay as they are stored,
// because the libraries that wrote them ignore the orientation.
enum class Orientation { upright, as_stored };

// Returns tag 0x0112 (Orientation, 1 to 8) of Exif data, which begins with a
// TIFF header, optionally preceded by "Exif\0\0". Returns 1, upright, if the
// tag is missing or the data is corrupt.
int exif_orientation(std::span<const uint8_t> exif);

// Returns the chunk "EXIF" of a WebP file (RFC 9649, section 2.7.1.5), or an
// empty span if there is none.
std::span<const uint8_t> find_webp_exif(std::span<const uint8_t> bytes);

// Turns an image that was stored with this orientation upright.
data::Image apply_orientation(data::Image image, int orientation);

}  // namespace gato::ingest
