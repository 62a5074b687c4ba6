// Decodes JPEG files through libjpeg.
//
// OpenCV's decoder takes a third longer, prints libjpeg's messages to stderr,
// and makes every program load GDAL when it starts.
#pragma once

#include <cstdint>
#include <span>

#include "gato/data/image.h"
#include "gato/ingest/images/exif.h"

namespace gato::ingest {

// Returns RGB, turned upright according to Exif unless `orientation` says
// otherwise. Gray is replicated. CMYK is converted; its values are assumed to
// be inverted, as Adobe writes them. Throws Error(bad_input) with libjpeg's
// message if the file is truncated or corrupt beyond what libjpeg repairs, and
// the errors of check_image_size().
data::Image decode_jpeg(std::span<const uint8_t> bytes,
                        Orientation orientation = Orientation::upright);

// Decodes to [height, width, channels] at `pixels`, with 1 (gray) or 3 (RGB)
// channels, and ignores the Exif orientation. Throws as above, and before
// decoding if the image has a different size. CMYK cannot be decoded to gray.
void decode_jpeg_as_stored(std::span<const uint8_t> bytes, int height,
                           int width, int channels, uint8_t* pixels);

}  // namespace gato::ingest
