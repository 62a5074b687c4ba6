#include "gato/ingest/image_format.h"

#include <catch2/catch.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/ingest/image_file.h"

using namespace gato;
using Catch::Matchers::Contains;

namespace {

std::span<const uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string encoded(const std::string& extension,
                    const std::vector<int>& parameters = {}) {
  std::vector<uint8_t> bytes;
  REQUIRE(cv::imencode(extension, cv::Mat(21, 34, CV_8UC3, {9, 99, 199}), bytes,
                       parameters));
  return {bytes.begin(), bytes.end()};
}

std::string refusal_of(const std::string& file) {
  try {
    decode_image(bytes_of(file));
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::bad_input);
    return error.what();
  }
  return "no refusal";
}

}  // namespace

TEST_CASE("format and size are what an image's header says") {
  const auto check = [](const std::string& file, ImageFormat expected) {
    const auto format = image_format(bytes_of(file));
    REQUIRE(format == expected);
    const auto size = image_size(bytes_of(file), *format);
    REQUIRE(size);
    CHECK(size->height == 21);
    CHECK(size->width == 34);
    CHECK(decode_image(bytes_of(file)).height == 21);
  };
  check(encoded(".jpg"), ImageFormat::jpeg);
  check(encoded(".png"), ImageFormat::png);
  check(encoded(".webp", {cv::IMWRITE_WEBP_QUALITY, 80}), ImageFormat::webp);
  check(encoded(".webp", {cv::IMWRITE_WEBP_QUALITY, 101}), ImageFormat::webp);
  check(encoded(".ppm"), ImageFormat::pnm);
  check("P5 # a comment 7 7\n34\n# another\n21 255\n" + std::string(714, 'x'),
        ImageFormat::pnm);
  const std::string extended =
      std::string("RIFF\x1E\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0", 24) +
      std::string("\x21\0\0\x14\0\0", 6);
  const auto size = image_size(bytes_of(extended), ImageFormat::webp);
  REQUIRE(size);
  CHECK(size->width == 34);
  CHECK(size->height == 21);
}

TEST_CASE("bytes of no format that is read get to no decoder") {
  const auto bytes = GENERATE(
      // Once tried as DICOM, which took 2.3 GB.
      std::string("\xFF\xD8\x00\x00\x00\x00\xFF\xD9", 8),
      std::string(128, '\0').append("DICM").append(64, '\0'),
      std::string("GIF89a\x01\x00\x01\x00", 10), std::string("II*\0", 4),
      std::string("P7\nWIDTH 1\n"), std::string("P6"), std::string("x"),
      std::string("RIFF&\n"));
  CHECK_THAT(refusal_of(bytes), Contains("no JPEG, PNG, WebP"));
}

TEST_CASE("a header may not claim more pixels than fit into memory") {
  CHECK_THAT(refusal_of("P6 40000 40000 255\nxxx"),
             Contains("40000 x 40000 pixels, more than 134217728"));
  std::string png = encoded(".png");
  png.replace(16, 8, std::string("\x7F\xFF\xFF\xFF\x7F\xFF\xFF\xFF", 8));
  CHECK_THAT(refusal_of(png), Contains("2147483647 x 2147483647 pixels"));
  CHECK_THAT(refusal_of(std::string("RIFF\x1E\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0"
                                    "\xFF\xFF\0\xFF\xFF\0",
                                    30)),
             Contains("65536 x 65536 pixels"));
  CHECK_THAT(refusal_of("P6 99999999999999999999 3 255\nxxx"),
             Contains("header of the image is damaged"));
  CHECK_THAT(refusal_of("P6 # no end"),
             Contains("header of the image is damaged"));
}

TEST_CASE("a PBM, PGM or PPM is complete with all its values") {
  for (const std::string& whole :
       {std::string("P1 3 2 101\n0 1#1\n1"), std::string("P2 2 1 255 7 88"),
        std::string("P3 1 1 255 7 8 9"), std::string("P4 9 2\nabcd"),
        std::string("P5 2 2 255\nabcd"), std::string("P5 2 1 256 abcd"),
        std::string("P6 1 2 255\nabcdef")}) {
    CAPTURE(whole);
    CHECK(is_complete_pnm(bytes_of(whole)));
    const size_t cut = whole[1] == '2' ? 2 : 1;
    const std::string part = whole.substr(0, whole.size() - cut);
    CHECK_FALSE(is_complete_pnm(bytes_of(part)));
    CHECK_THAT(refusal_of(part), Contains("cut short"));
  }
  CHECK_THAT(refusal_of("P6 0 5 255\n"), Contains("5 x 0 pixels"));
  CHECK_THAT(refusal_of("P6 -3 5 255\n"), Contains("5 x -3 pixels"));
}
