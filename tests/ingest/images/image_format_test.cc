#include "gato/ingest/images/image_format.h"

#include <zlib.h>

#include <catch2/catch.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/ingest/base64.h"
#include "gato/ingest/images/image_decoder.h"

using namespace gato;
using namespace gato::ingest;
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
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::bad_input);
    return error.what();
  }
  return "no refusal";
}

}  // namespace

TEST_CASE("The format is detected from the magic bytes") {
  const auto check = [](const std::string& file, ImageFormat expected) {
    REQUIRE(detect_image_format(bytes_of(file)) == expected);
    const data::Image image = decode_image(bytes_of(file));
    CHECK(image.height == 21);
    CHECK(image.width == 34);
  };
  check(encoded(".jpg"), ImageFormat::jpeg);
  check(encoded(".png"), ImageFormat::png);
  check(encoded(".webp", {cv::IMWRITE_WEBP_QUALITY, 80}), ImageFormat::webp);
  check(encoded(".webp", {cv::IMWRITE_WEBP_QUALITY, 101}), ImageFormat::webp);
  check(encoded(".ppm"), ImageFormat::pnm);
  check("P5 # a comment 7 7\n34\n# another\n21 255\n" + std::string(714, 'x'),
        ImageFormat::pnm);
}

TEST_CASE("Formats that are not decoded are named") {
  using namespace std::string_literals;
  for (const auto& [file, name] : {
           std::pair{encoded(".bmp"), "BMP"},
           std::pair{encoded(".tiff"), "TIFF"},
           std::pair{"MM\0*\0\0"s, "TIFF"},
           std::pair{"\0\0\0\x0CjP  \r\n\x87\n"s, "JPEG 2000"},
           std::pair{"\xFF\x4F\xFF\x51"s, "JPEG 2000"},
           std::pair{"\0\0\0\x0CJXL \r\n\x87\n"s, "JPEG XL"},
           std::pair{"\0\0\0\x1C"
                     "ftypavif\0\0\0\0"s,
                     "HEIF or AVIF"},
           std::pair{"GIF89a"s, "GIF"},
       }) {
    CHECK_THAT(refusal_of(file), Contains("a compressed image in "s + name) &&
                                     Contains("convert it to PNG or JPEG"));
  }
  // Numbers that begin like a BMP.
  CHECK(detect_image_format(bytes_of("BM" + std::string(30, 'x'))) ==
        std::nullopt);
}

TEST_CASE("Images in base64 are detected, and words are not") {
  for (const auto& [extension, format] :
       {std::pair{".jpg", ImageFormat::jpeg},
        std::pair{".png", ImageFormat::png},
        std::pair{".webp", ImageFormat::webp},
        std::pair{".ppm", ImageFormat::pnm},
        std::pair{".bmp", ImageFormat::bmp}}) {
    const std::string text = encode_base64(encoded(extension));
    CHECK(detect_base64_image_format(text) == format);
    CHECK(detect_base64_image_format("data:image/x;base64," + text) == format);
  }
  const std::string ppm = encode_base64(encoded(".ppm"));
  CHECK(detect_base64_image_format(ppm.substr(0, 1000)) == std::nullopt);
  for (const char* words : {"", "go to the red ball", "data:image", "UDYg",
                            "BMBMBMBMBMBMBMBMBMBMBMBMBMBMBMBMBM"}) {
    CHECK(detect_base64_image_format(words) == std::nullopt);
  }
}

TEST_CASE("Browsers display every format but PNM") {
  CHECK(image_media_type(ImageFormat::png) == std::string("image/png"));
  CHECK(image_media_type(*detect_image_format(bytes_of("GIF89a"))) ==
        std::string("image/gif"));
  CHECK(image_media_type(ImageFormat::pnm) == nullptr);
}

TEST_CASE("Bytes of an unsupported format do not reach a decoder") {
  const auto bytes = GENERATE(
      // OpenCV takes this for DICOM, with 2.3 GB of pixels.
      std::string("\xFF\xD8\x00\x00\x00\x00\xFF\xD9", 8),
      std::string(128, '\0').append("DICM").append(64, '\0'),
      std::string("GIF89a\x01\x00\x01\x00", 10), std::string("II*\0", 4),
      std::string("P7\nWIDTH 1\n"), std::string("P6"), std::string("x"),
      std::string("RIFF&\n"));
  CHECK_THAT(refusal_of(bytes), Contains("JPEG, PNG, WebP"));
}

TEST_CASE("A header must not claim more pixels than fit into memory") {
  CHECK_THAT(refusal_of("P6 40000 40000 255\nxxx"),
             Contains("40000 x 40000 pixels, more than 134217728"));
  // A valid checksum follows the header.
  std::string png = encoded(".png");
  png.replace(16, 8, std::string("\0\0\x9C\x40\0\0\x9C\x40", 8));
  const auto sum = static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(&png[12]), 17));
  for (size_t i = 0; i < 4; ++i) {
    png[29 + i] = static_cast<char>(sum >> (24 - 8 * i));
  }
  CHECK_THAT(refusal_of(png), Contains("40000 x 40000 pixels"));
  CHECK_THAT(refusal_of(std::string("RIFF\x1E\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0"
                                    "\xFF\xFF\0\xFE\xFF\0",
                                    30)),
             Contains("65535 x 65536 pixels"));
  // The start of frame of a JPEG: marker, length, precision, height, width.
  std::string jpeg = encoded(".jpg");
  jpeg.replace(jpeg.find("\xFF\xC0") + 5, 4, "\x7F\x7F\x7F\x7F");
  CHECK_THAT(refusal_of(jpeg), Contains("32639 x 32639 pixels"));
}
