#include "gato/ingest/jpeg_frame.h"

#include <fmt/ranges.h>

#include "gato/base/error.h"
#include "gato/ingest/image_format.h"
#include "gato/ingest/jpeg_image.h"

namespace gato {
namespace {

// libjpeg fills what is missing of a frame and says nothing, so that the end
// mark is looked for.
bool ends_as_jpeg(std::span<const uint8_t> bytes) {
  return bytes.size() >= 4 && bytes[bytes.size() - 2] == 0xFF &&
         bytes[bytes.size() - 1] == 0xD9;
}

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
  if (!ends_as_jpeg(bytes)) {
    throw input_error("the JPEG frame is cut short (no end mark)");
  }
  decode_jpeg_as_stored(bytes, static_cast<int>(shape[0]),
                        static_cast<int>(shape[1]),
                        static_cast<int>(channels_of(shape)), pixels);
}

}  // namespace gato
