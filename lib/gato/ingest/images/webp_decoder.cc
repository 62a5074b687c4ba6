#include "gato/ingest/images/webp_decoder.h"

#include <webp/decode.h>

#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/images/image_format.h"

namespace gato::ingest {

data::Image decode_webp(std::span<const uint8_t> bytes,
                        Orientation orientation) {
  WebPBitstreamFeatures features;
  const VP8StatusCode status =
      WebPGetFeatures(bytes.data(), bytes.size(), &features);
  if (status == VP8_STATUS_NOT_ENOUGH_DATA) {
    throw base::input_error("the image is truncated");
  }
  if (status != VP8_STATUS_OK) {
    throw base::input_error("the WebP is corrupt");
  }
  check_image_size(features.height, features.width);
  if (features.has_animation != 0) {
    throw base::input_error("the WebP is an animation: extract a single frame");
  }
  data::Image image{features.height, features.width, {}};
  image.pixels.resize(size_t{3} * image.height * image.width);
  if (WebPDecodeRGBInto(bytes.data(), bytes.size(), image.pixels.data(),
                        image.pixels.size(), 3 * image.width) == nullptr) {
    throw base::input_error("the WebP is corrupt or truncated");
  }
  if (orientation == Orientation::as_stored) {
    return image;
  }
  return apply_orientation(std::move(image),
                           exif_orientation(find_webp_exif(bytes)));
}

}  // namespace gato::ingest
