#include "gato/ingest/jpeg.h"

#include <fmt/ranges.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "gato/base/error.h"
#include "gato/ingest/image_format.h"
#include "gato/ingest/plain_jpeg.h"

namespace gato {
namespace {

// The decoder fills what is missing of a frame with grey and says nothing, so
// that the end mark is looked for.
bool ends_as_jpeg(std::span<const uint8_t> bytes) {
  return bytes.size() >= 4 && bytes[bytes.size() - 2] == 0xFF &&
         bytes[bytes.size() - 1] == 0xD9;
}

}  // namespace

void decode_jpeg(std::span<const uint8_t> bytes,
                 const std::vector<int64_t>& shape,
                 std::vector<std::byte>& pixels) {
  if (image_format(bytes) != ImageFormat::jpeg)
    throw input_error("the frame is no JPEG");
  if (!ends_as_jpeg(bytes)) {
    throw input_error("the JPEG frame is cut short (no end mark)");
  }
  const int64_t channels = shape.size() == 3 ? shape[2] : 1;
  if (shape.size() < 2 || shape.size() > 3 ||
      (channels != 1 && channels != 3)) {
    throw input_error("a JPEG frame cannot have the shape [{}]",
                      fmt::join(shape, ", "));
  }
  const auto refuse_size = [&shape](int64_t rows, int64_t columns) {
    throw input_error("the JPEG frame is {} x {}, the space says {} x {}", rows,
                      columns, shape[0], shape[1]);
  };
  // A few bytes may claim gigabytes of pixels. The frame may be turned, by its
  // APP1 mark: its area is then the same.
  if (const auto size = size_of_jpeg(bytes);
      size && size->height * size->width != shape[0] * shape[1]) {
    refuse_size(size->height, size->width);
  }
  cv::Mat image;
  try {
    const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1,
                          const_cast<uint8_t*>(bytes.data()));
    image = cv::imdecode(
        encoded, channels == 3 ? cv::IMREAD_COLOR : cv::IMREAD_GRAYSCALE);
  } catch (const cv::Exception&) {
    image.release();
  }
  if (image.empty()) throw input_error("the JPEG frame is damaged");
  if (image.rows != shape[0] || image.cols != shape[1]) {
    refuse_size(image.rows, image.cols);
  }
  if (channels == 3) cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
  const auto* first = reinterpret_cast<const std::byte*>(image.data);
  pixels.insert(pixels.end(), first, first + image.total() * image.elemSize());
}

}  // namespace gato
