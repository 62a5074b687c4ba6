// Image files, and frames as datasets store them. A JPEG image must decode
// to the same pixels as with OpenCV.
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "fuzz/fuzz.h"
#include "gato/data/array.h"
#include "gato/ingest/images/frame_decoder.h"
#include "gato/ingest/images/image_decoder.h"
#include "gato/ingest/images/jpeg_decoder.h"

using namespace gato;

namespace {

// Skips files with an APP1 marker, because OpenCV applies the orientation of
// any of them as if it were Exif.
void compare_with_opencv(std::span<const uint8_t> bytes) {
  if (fuzz::as_text(bytes.data(), bytes.size()).find("\xFF\xE1") !=
      std::string_view::npos) {
    return;
  }
  data::Image image;
  if (!fuzz::accepts([&] { image = ingest::decode_jpeg(bytes); })) {
    return;
  }
  const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1,
                        const_cast<uint8_t*>(bytes.data()));
  cv::Mat decoded = cv::imdecode(encoded, cv::IMREAD_COLOR);
  FUZZ_REQUIRE(decoded.rows == image.height && decoded.cols == image.width);
  cv::cvtColor(decoded, decoded, cv::COLOR_BGR2RGB);
  FUZZ_REQUIRE(
      std::equal(image.pixels.begin(), image.pixels.end(), decoded.data));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (fuzz::as_text(data, size).starts_with("\xFF\xD8\xFF")) {
    compare_with_opencv({data, size});
  }
  static fuzz::MemoryFile file;
  file.fill(fuzz::as_text(data, size));
  fuzz::accepts([&] {
    const data::Image image = ingest::read_image(file.path());
    FUZZ_REQUIRE(image.pixels.size() == size_t{3} * image.height * image.width);
  });
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{32, 32, 3}, {32, 32}}) {
    fuzz::accepts([&] {
      std::vector<uint8_t> pixels(
          static_cast<size_t>(data::element_count(shape)));
      ingest::decode_frame({data, size}, shape, pixels.data());
    });
  }
  return 0;
}
