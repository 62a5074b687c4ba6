// What the first bytes of an image file say of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace gato::ingest {

// The formats that are read. pnm: PBM, PGM and PPM, plain and binary.
enum class ImageFormat { jpeg, png, webp, pnm };

// By the signature; nothing where it is that of none.
std::optional<ImageFormat> detect_image_format(std::span<const uint8_t> bytes);

// That are decoded: a few bytes can claim any size; this one takes 384 MiB.
constexpr int64_t kMaxImagePixels = int64_t{1} << 27;

// Every decoder asks this before it makes room for pixels. Error (bad_input)
// where there are none, or more than kMaxImagePixels.
void check_image_size(int64_t height, int64_t width);

}  // namespace gato::ingest
