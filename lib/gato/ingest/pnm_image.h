// PBM, PGM and PPM files, plain and binary (netpbm's pbm(5), pgm(5), ppm(5)).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "gato/data/episode.h"

namespace gato {

// Whether these bytes, or a file's first three, begin as such a file does.
bool is_pnm(std::string_view text);

// The first picture of the file, RGB: grey is replicated, 8 bits made of what
// the header says is the largest value; 16 bits are cut to the upper 8. Error
// (bad_input) where the header is damaged, values are missing or larger than
// it says, and as check_image_size() says.
Image decode_pnm(std::span<const uint8_t> bytes);

}  // namespace gato
