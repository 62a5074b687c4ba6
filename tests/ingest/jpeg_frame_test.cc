#include "gato/ingest/jpeg_frame.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <opencv2/imgcodecs.hpp>

#include "data/documents.h"

using namespace gato;
using namespace gato::test;

namespace {

// A red frame (BGR 0, 0, 255).
std::vector<uint8_t> red_frame(int height, int width) {
  std::vector<uint8_t> bytes;
  cv::imencode(".jpg", cv::Mat(height, width, CV_8UC3, cv::Scalar(0, 0, 255)),
               bytes);
  return bytes;
}

// What decode_jpeg_frame() makes of it, at the end of `pixels`.
void append_frame(const std::vector<uint8_t>& bytes,
                  const std::vector<int64_t>& shape,
                  std::vector<uint8_t>& pixels) {
  check_frame_shape(shape);
  const size_t before = pixels.size();
  pixels.resize(before + static_cast<size_t>(element_count(shape)));
  decode_jpeg_frame(bytes, shape, &pixels[before]);
}

}  // namespace

TEST_CASE("a JPEG frame becomes RGB, or grey") {
  std::vector<uint8_t> pixels;
  append_frame(red_frame(4, 6), {4, 6, 3}, pixels);
  REQUIRE(pixels.size() == 72);
  REQUIRE(pixels[0] > 250);
  REQUIRE(pixels[2] < 5);
  pixels.clear();
  append_frame(red_frame(4, 6), {4, 6}, pixels);
  REQUIRE(pixels.size() == 24);
}

TEST_CASE("a JPEG frame of another size is refused before it is decoded") {
  auto bytes = red_frame(8, 8);
  // The start of frame: mark, length, precision, height, width.
  const std::vector<uint8_t> mark{0xFF, 0xC0};
  const auto place =
      std::search(bytes.begin(), bytes.end(), mark.begin(), mark.end()) + 5;
  for (int i = 0; i < 4; ++i) place[i] = 0x7F;  // 4 gigabytes of pixels
  std::vector<uint8_t> pixels;
  const Error error = error_of([&] { append_frame(bytes, {8, 8, 3}, pixels); });
  REQUIRE(std::string(error.what()) ==
          "the JPEG has 32639 x 32639 pixels, not 8 x 8");
}

TEST_CASE("damaged JPEG frames are refused") {
  std::vector<uint8_t> pixels;
  const auto whole = red_frame(32, 32);
  auto cut = whole;
  cut.resize(whole.size() / 2);
  const auto refused = [&pixels](const std::vector<uint8_t>& bytes,
                                 const std::vector<int64_t>& shape) {
    return error_of([&] { append_frame(bytes, shape, pixels); }).status() ==
           ExitStatus::bad_input;
  };
  REQUIRE(refused(cut, {32, 32, 3}));
  REQUIRE(refused(whole, {32, 16, 3}));
  REQUIRE(refused(whole, {32, 32, 4}));
  REQUIRE(refused({}, {32, 32, 3}));
  REQUIRE(refused({0xFF, 0xD8, 0xFF, 0xD9}, {32, 32, 3}));
  REQUIRE(refused({1, 2, 3, 4}, {32, 32, 3}));
}
