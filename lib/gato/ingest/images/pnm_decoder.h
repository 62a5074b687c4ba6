// Decodes PBM, PGM and PPM files, plain and binary (pbm(5), pgm(5) and ppm(5)
// of netpbm).
#pragma once

#include <cstdint>
#include <span>

#include "gato/data/image.h"

namespace gato::ingest {

// Returns the first image of the file as RGB with 8 bits per channel. Gray is
// replicated, and values are scaled from the maximum that the header declares;
// if that exceeds 255, they are scaled to 16 bits and reduced to the upper 8.
// Throws Error(bad_input) if the header is corrupt, if values are missing or
// exceed the maximum, and the errors of check_image_size().
data::Image decode_pnm(std::span<const uint8_t> bytes);

// Returns whether the bytes begin with a complete file: a valid header that at
// least as many bytes follow as its pixels need. Numbers and words that happen
// to begin like a file are not one.
bool is_complete_pnm(std::span<const uint8_t> bytes);

// Returns whether the values of the file have more than 8 bits. Throws
// Error(bad_input) if the header is corrupt.
bool has_16_bit_pnm_values(std::span<const uint8_t> bytes);

}  // namespace gato::ingest
