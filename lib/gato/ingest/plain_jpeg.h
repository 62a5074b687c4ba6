// JPEG files that need no more than libjpeg.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "gato/data/episode.h"

namespace gato {

// The pixels that cv::imdecode would give, in a third less time: it has no way
// to leave libjpeg's RGB as it is. Nothing where the file has an APP1 mark,
// which may say how it is turned, is CMYK, has more than 2^30 pixels or is no
// JPEG that libjpeg can read: OpenCV decides what becomes of those.
std::optional<Image> decode_plain_jpeg(std::span<const uint8_t> bytes);

struct JpegSize {
  int64_t height = 0, width = 0;
};

// What the file says of its size, before any pixel is decoded; nothing where
// libjpeg cannot read it.
std::optional<JpegSize> size_of_jpeg(std::span<const uint8_t> bytes);

}  // namespace gato
