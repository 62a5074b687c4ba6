// Image files to pixels.
#pragma once

#include <filesystem>
#include <span>

#include "gato/data/image.h"

namespace gato::ingest {

// Decodes a JPEG, PNG, WebP, PBM, PGM or PPM: 8 bits a channel, RGB. Grey is
// replicated, CMYK converted, alpha dropped, 16 bits cut to the upper 8, and a
// photograph's orientation mark obeyed. Error (bad_input) where it is none of
// these, is damaged or cut short, and as check_image_size() says.
data::Image decode_image(std::span<const uint8_t> bytes);

// Of at most 256 MiB. Errors as above, naming the file; (io) where it is
// missing or cannot be read.
data::Image read_image(const std::filesystem::path& path);
constexpr int64_t kMaxImageBytes = int64_t{256} << 20;

}  // namespace gato::ingest
