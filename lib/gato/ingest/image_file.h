// Image files to pixels.
#pragma once

#include <filesystem>
#include <span>

#include "gato/data/episode.h"

namespace gato {

// Decodes a JPEG, PNG, WebP, PBM, PGM or PPM: 8 bits a channel, RGB. Grey is
// replicated, CMYK converted, alpha dropped, 16 bits cut to the upper 8, and a
// photograph's orientation mark obeyed. Error (bad_input) where it is none of
// these, is damaged or cut short, and as check_image_size() says.
Image decode_image(std::span<const uint8_t> bytes);

// Of at most 256 MiB. Errors as above, naming the file; (io) where it is
// missing or cannot be read.
Image read_image(const std::filesystem::path& path);
constexpr int64_t most_image_bytes = int64_t{256} << 20;

// Whether a JPEG ends with its end mark, found by walking through its segments
// (a thumbnail inside has end marks of its own); a PNG with its IEND chunk.
bool is_complete_jpeg(std::span<const uint8_t> bytes);
bool is_complete_png(std::span<const uint8_t> bytes);

}  // namespace gato
