// What the first bytes of an image file say of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace gato {

// The formats that are read. pnm: PBM, PGM and PPM, plain and binary.
enum class ImageFormat { jpeg, png, webp, pnm };

// By the signature, all that OpenCV goes by: bytes without one of these must
// not get there, where they are tried as DICOM and a hundred formats of GDAL,
// which are not made for bytes that nobody vouches for.
std::optional<ImageFormat> image_format(std::span<const uint8_t> bytes);

struct ImageSize {
  int64_t height = 0, width = 0;
};
// That are decoded: a few bytes can claim any size; this one takes 384 MiB.
constexpr int64_t most_image_pixels = int64_t{1} << 27;

// What the header says of the size, before any pixel is decoded; of a JPEG as
// it is stored, not turned. Nothing where the header is damaged.
std::optional<ImageSize> image_size(std::span<const uint8_t> bytes,
                                    ImageFormat format);

// Whether a PBM, PGM or PPM of at most most_image_pixels holds as many values
// as its header says. OpenCV writes to stderr of one that does not.
bool is_complete_pnm(std::span<const uint8_t> bytes);

}  // namespace gato
