// PNG files through libpng itself: OpenCV leaves libpng's messages to libpng,
// which prints them without the name of a file.
#pragma once

#include <cstdint>
#include <span>

#include "gato/data/image.h"

namespace gato::ingest {

// 8 bits a channel, RGB, upright as eXIf says: grey is replicated, alpha
// dropped, 16 bits cut to the upper 8, gamma ignored. Error (bad_input) with
// libpng's reason where it is damaged, and as check_image_size() says.
data::Image decode_png(std::span<const uint8_t> bytes);

}  // namespace gato::ingest
