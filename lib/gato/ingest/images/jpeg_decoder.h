// Decodes JPEG files and JPEG frames in datasets, through libjpeg.
//
// OpenCV's decoder takes a third more time, prints libjpeg's messages to stderr
// and loads GDAL at every start.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gato/data/image.h"

namespace gato::ingest {

// Returns RGB, turned upright according to Exif. Gray is replicated. CMYK is
// converted; its values are assumed to be inverted, as Adobe writes them.
// Throws Error(bad_input) with libjpeg's reason if the file is truncated or
// corrupt beyond what libjpeg repairs, and as check_image_size() does.
data::Image decode_jpeg(std::span<const uint8_t> bytes);

// Decodes to [height, width, channels] at `pixels`, with 1 (gray) or 3 (RGB)
// channels, and ignores the Exif orientation. Throws as above, and before
// decoding if the image has a different size. CMYK cannot be decoded to gray.
void decode_jpeg_as_stored(std::span<const uint8_t> bytes, int height,
                           int width, int channels, uint8_t* pixels);

// Throws Error(bad_input) unless the shape is [H,W], [H,W,1] or [H,W,3] (RGB).
void check_jpeg_frame_shape(const std::vector<int64_t>& shape);

// Decodes a frame to uint8 of that shape at `pixels`. Ignores the Exif
// orientation, as Minari's own reader does. Throws Error(bad_input) if the
// frame is truncated, corrupt or of a different size.
void decode_jpeg_frame(std::span<const uint8_t> bytes,
                       const std::vector<int64_t>& shape, uint8_t* pixels);

}  // namespace gato::ingest
