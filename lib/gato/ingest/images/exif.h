// The orientation mark of photographs.
#pragma once

#include <cstdint>
#include <span>

#include "gato/data/image.h"

namespace gato::ingest {

// Tag 0x0112 of EXIF data, which begin with the header of a TIFF file, or with
// "Exif\0\0" before it: from 1 to 8, and 1, upright, where there is no such
// mark or the data are damaged.
int exif_orientation(std::span<const uint8_t> exif);

// The chunk "EXIF" of a WebP file (RFC 9649, section 2.7.1.5); empty where
// there is none.
std::span<const uint8_t> find_webp_exif(std::span<const uint8_t> bytes);

// The picture that was stored with this mark, upright.
data::Image apply_orientation(data::Image image, int orientation);

}  // namespace gato::ingest
