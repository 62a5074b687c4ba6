#include "gato/ingest/images/webp_decoder.h"

#include <catch2/catch.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;

namespace {

std::span<const uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE(
    "A WebP decodes to the same bits as with OpenCV, and a truncated one is "
    "rejected") {
  cv::Mat noise(45, 77, CV_8UC3);
  cv::randu(noise, 0, 256);
  const int quality = GENERATE(20, 90, 101);  // the last is lossless
  std::vector<uint8_t> bytes;
  cv::imencode(".webp", noise, bytes, {cv::IMWRITE_WEBP_QUALITY, quality});
  const data::Image image = decode_webp(bytes);
  cv::Mat expected = cv::imdecode(bytes, cv::IMREAD_COLOR);
  cv::cvtColor(expected, expected, cv::COLOR_BGR2RGB);
  REQUIRE(image.height == 45);
  REQUIRE(image.width == 77);
  CHECK(std::equal(image.pixels.begin(), image.pixels.end(), expected.data));
  for (const size_t size : {size_t{12}, bytes.size() / 2, bytes.size() - 8}) {
    CHECK_THROWS_WITH(decode_webp(std::span(bytes).first(size)),
                      Contains("truncated"));
  }
}

TEST_CASE("Animated, corrupt and huge WebP files are rejected") {
  const std::string head("RIFF\x1E\0\0\0WEBPVP8X\x0A\0\0\0", 20);
  const std::string animated =
      head + std::string("\x02\0\0\0\x21\0\0\x14\0\0", 10);
  CHECK_THROWS_WITH(decode_webp(bytes_of(animated)), Contains("animation"));
  const std::string huge =
      head + std::string("\x02\0\0\0\xFF\xFF\0\xFE\xFF\0", 10);
  CHECK_THROWS_WITH(decode_webp(bytes_of(huge)),
                    Contains("65535 x 65536 pixels, more than"));
  CHECK_THROWS_WITH(
      decode_webp(bytes_of(std::string("RIFF\x1E\0\0\0WEBPVP9 ", 16) +
                           std::string(30, 'x'))),
      Contains("WebP is corrupt"));
}
