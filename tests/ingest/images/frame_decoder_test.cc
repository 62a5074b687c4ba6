#include "gato/ingest/images/frame_decoder.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <opencv2/imgcodecs.hpp>

#include "data/sample_documents.h"
#include "gato/base/error.h"
#include "gato/data/array.h"

using namespace gato;
using namespace gato::ingest;
using namespace gato::test;
using Catch::Matchers::Contains;

namespace {

// A red frame (BGR 0, 0, 255).
std::vector<uint8_t> red_frame(int height, int width) {
  std::vector<uint8_t> bytes;
  cv::imencode(".jpg", cv::Mat(height, width, CV_8UC3, cv::Scalar(0, 0, 255)),
               bytes);
  return bytes;
}

// Decodes a frame with decode_frame(), at the end of `pixels`.
void append_frame(const std::vector<uint8_t>& bytes,
                  const std::vector<int64_t>& shape,
                  std::vector<uint8_t>& pixels) {
  check_frame_shape(shape);
  const size_t before = pixels.size();
  pixels.resize(before + static_cast<size_t>(data::element_count(shape)));
  decode_frame(bytes, shape, &pixels[before]);
}

std::vector<uint8_t> encode(const char* extension, const cv::Mat& image) {
  std::vector<uint8_t> bytes;
  cv::imencode(extension, image, bytes);
  return bytes;
}

}  // namespace

TEST_CASE("A JPEG frame becomes RGB or gray") {
  std::vector<uint8_t> pixels;
  append_frame(red_frame(4, 6), {4, 6, 3}, pixels);
  REQUIRE(pixels.size() == 72);
  REQUIRE(pixels[0] > 250);
  REQUIRE(pixels[2] < 5);
  pixels.clear();
  append_frame(red_frame(4, 6), {4, 6}, pixels);
  REQUIRE(pixels.size() == 24);
}

TEST_CASE("A JPEG frame of a different size is rejected before it is decoded") {
  auto bytes = red_frame(8, 8);
  // The start of frame: marker, length, precision, height, width.
  const std::vector<uint8_t> mark{0xFF, 0xC0};
  const auto size_field =
      std::search(bytes.begin(), bytes.end(), mark.begin(), mark.end()) + 5;
  for (int i = 0; i < 4; ++i) size_field[i] = 0x7F;  // 4 gigabytes of pixels
  std::vector<uint8_t> pixels;
  const base::Error error = thrown_error([&] {
    append_frame(bytes, {8, 8, 3}, pixels);
  });
  REQUIRE(std::string(error.what()) ==
          "the JPEG has 32639 x 32639 pixels, not 8 x 8");
}

TEST_CASE("Corrupt JPEG frames are rejected") {
  std::vector<uint8_t> pixels;
  const auto complete = red_frame(32, 32);
  auto truncated = complete;
  truncated.resize(complete.size() / 2);
  const auto refused = [&pixels](const std::vector<uint8_t>& bytes,
                                 const std::vector<int64_t>& shape) {
    return thrown_error([&] { append_frame(bytes, shape, pixels); }).status() ==
           base::ExitStatus::bad_input;
  };
  REQUIRE(refused(truncated, {32, 32, 3}));
  REQUIRE(refused(complete, {32, 16, 3}));
  REQUIRE(refused(complete, {32, 32, 4}));
  REQUIRE(refused({}, {32, 32, 3}));
  REQUIRE(refused({0xFF, 0xD8, 0xFF, 0xD9}, {32, 32, 3}));
  REQUIRE(refused({1, 2, 3, 4}, {32, 32, 3}));
}

TEST_CASE("PNG and WebP frames become RGB or luminance") {
  const cv::Mat red(4, 6, CV_8UC3, cv::Scalar(0, 0, 255));
  for (const char* extension : {".png", ".webp"}) {
    std::vector<uint8_t> pixels;
    append_frame(encode(extension, red), {4, 6, 3}, pixels);
    CHECK(pixels[0] > 250);
    CHECK(pixels[1] < 5);
    pixels.clear();
    append_frame(encode(extension, red), {4, 6, 1}, pixels);
    REQUIRE(pixels.size() == 24);
    CHECK(std::abs(pixels[23] - 76) < 3);
  }
  std::vector<uint8_t> pixels;
  append_frame(encode(".png", cv::Mat(2, 2, CV_8UC1, cv::Scalar(77))), {2, 2},
               pixels);
  CHECK(pixels == std::vector<uint8_t>(4, 77));
  CHECK_THAT(thrown_error([&] {
               append_frame(encode(".png", red), {6, 4, 3}, pixels);
             }).what(),
             Contains("4 x 6 pixels, not 6 x 4"));
}

TEST_CASE("Alpha is dropped, and PNG frames of 16 bits are rejected") {
  const cv::Mat rgba(2, 2, CV_8UC4, cv::Scalar(1, 2, 3, 0));
  CHECK(decode_frame(encode(".png", rgba)).pixels ==
        std::vector<uint8_t>{3, 2, 1, 3, 2, 1, 3, 2, 1, 3, 2, 1});
  const cv::Mat depth(2, 2, CV_16UC1, cv::Scalar(1000));
  CHECK_THAT(thrown_error([&] { decode_frame(encode(".png", depth)); }).what(),
             Contains("16 bits per channel"));
}
