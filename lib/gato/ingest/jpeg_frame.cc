#include "gato/ingest/jpeg_frame.h"

#include <fmt/ranges.h>

#include "gato/base/error.h"
#include "gato/ingest/image_format.h"
#include "gato/ingest/jpeg_image.h"

namespace gato {
namespace {

int64_t channels_of(const std::vector<int64_t>& shape) {
  return shape.size() == 3 ? shape[2] : 1;
}

}  // namespace

void check_frame_shape(const std::vector<int64_t>& shape) {
  const int64_t channels = channels_of(shape);
  if (shape.size() < 2 || shape.size() > 3 ||
      (channels != 1 && channels != 3)) {
    throw input_error("a JPEG frame cannot have the shape [{}]",
                      fmt::join(shape, ", "));
  }
  check_image_size(shape[0], shape[1]);
}

void decode_jpeg_frame(std::span<const uint8_t> bytes,
                       const std::vector<int64_t>& shape, uint8_t* pixels) {
  if (image_format(bytes) != ImageFormat::jpeg)
    throw input_error("the frame is no JPEG");
  decode_jpeg_as_stored(bytes, static_cast<int>(shape[0]),
                        static_cast<int>(shape[1]),
                        static_cast<int>(channels_of(shape)), pixels);
}

}  // namespace gato
