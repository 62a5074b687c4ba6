// JPEG files that need no more than libjpeg.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "gato/data/episode.h"
#include "gato/ingest/image_format.h"

namespace gato {

// The pixels that cv::imdecode would give, in a third less time: it has no way
// to leave libjpeg's RGB as it is. Nothing where the file has an APP1 mark,
// which may say how it is turned, is CMYK, has more than most_image_pixels or
// is no JPEG that libjpeg can read: OpenCV decides what becomes of those.
std::optional<Image> decode_plain_jpeg(std::span<const uint8_t> bytes);

// image_size() of a JPEG.
std::optional<ImageSize> size_of_jpeg(std::span<const uint8_t> bytes);

}  // namespace gato
