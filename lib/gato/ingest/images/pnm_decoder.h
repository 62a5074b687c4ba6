// PBM, PGM and PPM files, plain and binary (netpbm's pbm(5), pgm(5), ppm(5)).
#pragma once

#include <cstdint>
#include <span>

#include "gato/data/image.h"

namespace gato::ingest {

// The first picture of the file, RGB: grey is replicated, 8 bits made of what
// the header says is the largest value; 16 bits are cut to the upper 8. Error
// (bad_input) where the header is damaged, values are missing or larger than
// it says, and as check_image_size() says.
data::Image decode_pnm(std::span<const uint8_t> bytes);

}  // namespace gato::ingest
