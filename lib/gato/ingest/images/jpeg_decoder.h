// JPEG files through libjpeg itself: OpenCV's decoder needs a third more time,
// leaves libjpeg's messages to stderr, and loads GDAL at every start.
//
// JPEG frames within datasets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gato/data/image.h"

namespace gato::ingest {

// RGB, upright as the Exif mark says: grey is replicated; CMYK, of which the
// values are taken for inverted as Adobe writes them, converted. Error
// (bad_input) with libjpeg's reason where it is damaged beyond what libjpeg
// mends, and as check_image_size() says.
data::Image decode_jpeg(std::span<const uint8_t> bytes);

// As it is stored, whatever Exif says: [height, width, channels] of 1 (grey) or
// 3 (RGB) channels at `pixels`. Errors as above, and, before anything is
// decoded, where the picture has another size; CMYK gives no grey.
void decode_jpeg_as_stored(std::span<const uint8_t> bytes, int height,
                           int width, int channels, uint8_t* pixels);

// [H,W], [H,W,1] or [H,W,3] RGB; else Error (bad_input).
void check_jpeg_frame_shape(const std::vector<int64_t>& shape);

// Decodes to uint8 of that shape at `pixels`. A frame is taken as it is stored,
// as Minari's own reader takes it. Error (bad_input) where it is cut short,
// damaged or of another size.
void decode_jpeg_frame(std::span<const uint8_t> bytes,
                       const std::vector<int64_t>& shape, uint8_t* pixels);

}  // namespace gato::ingest
