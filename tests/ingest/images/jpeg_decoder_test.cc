#include "gato/ingest/images/jpeg_decoder.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "data/sample_documents.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/ingest/images/image_decoder.h"

using namespace gato::test;
using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;

namespace {

std::span<const uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string sample(const std::string& name) {
  return base::read_file(GATO_SOURCE_DIR "/tests/samples/images/" + name);
}

void check_equal(const data::Image& image, const cv::Mat& bgr) {
  const cv::Mat rgb(image.height, image.width, CV_8UC3,
                    const_cast<uint8_t*>(image.pixels.data()));
  cv::Mat expected;
  cv::cvtColor(bgr, expected, cv::COLOR_BGR2RGB);
  REQUIRE(rgb.size() == expected.size());
  CHECK(cv::norm(rgb, expected, cv::NORM_INF) == 0);
}

}  // namespace

TEST_CASE("A JPEG decodes to the same bits as with OpenCV") {
  cv::Mat noise(45, 77, CV_8UC3);
  cv::randu(noise, 0, 256);
  for (const int quality : {10, 75, 100}) {
    for (const bool is_color : {true, false}) {
      cv::Mat image = noise;
      if (!is_color) {
        cv::extractChannel(noise, image, 1);
      }
      std::vector<uint8_t> bytes;
      cv::imencode(".jpg", image, bytes,
                   {cv::IMWRITE_JPEG_QUALITY, quality,
                    cv::IMWRITE_JPEG_PROGRESSIVE, quality == 75});
      check_equal(decode_jpeg(bytes), cv::imdecode(bytes, cv::IMREAD_COLOR));
      std::vector<uint8_t> gray(size_t{45} * 77);
      decode_jpeg_as_stored(bytes, 45, 77, 1, gray.data());
      const cv::Mat expected = cv::imdecode(bytes, cv::IMREAD_GRAYSCALE);
      CHECK(std::equal(gray.begin(), gray.end(), expected.data));
    }
  }
}

TEST_CASE("Rotated and CMYK JPEGs decode to the same bits as with OpenCV") {
  const std::string name =
      GENERATE("cmyk.jpg", "turned-1.jpg", "turned-2.jpg", "turned-3.jpg",
               "turned-4.jpg", "turned-5.jpg", "turned-6.jpg", "turned-7.jpg",
               "turned-8.jpg");
  CAPTURE(name);
  const std::string file = sample(name);
  const std::vector<uint8_t> bytes(file.begin(), file.end());
  check_equal(decode_jpeg(bytes), cv::imdecode(bytes, cv::IMREAD_COLOR));
}

TEST_CASE("A CMYK JPEG becomes RGB") {
  const data::Image image =
      read_image(GATO_SOURCE_DIR "/tests/ingest/red-cmyk.jpg");
  CHECK(image.height == 16);
  CHECK(image.width == 20);
  CHECK(image.pixels[0] > 230);
  CHECK(image.pixels[1] < 25);
  CHECK(image.pixels[2] < 25);
}

TEST_CASE("decode_jpeg_as_stored ignores the orientation") {
  const std::string file = sample("turned-6.jpg");
  const data::Image turned = decode_jpeg(bytes_of(file));
  std::vector<uint8_t> stored(turned.pixels.size());
  decode_jpeg_as_stored(bytes_of(file), turned.width, turned.height, 3,
                        stored.data());
  CHECK(stored != turned.pixels);
  CHECK_THROWS_WITH(decode_jpeg_as_stored(bytes_of(file), turned.height,
                                          turned.width, 3, stored.data()),
                    Contains("20 x 28 pixels, not 28 x 20"));
}

TEST_CASE("An APP1 marker that is not Exif does not rotate the image") {
  const std::string turned = sample("turned-6.jpg");
  const size_t name = turned.find("Exif");
  REQUIRE(name != std::string::npos);
  std::string renamed = turned;
  renamed.replace(name, 4, "http");
  CHECK(decode_jpeg(bytes_of(renamed)).width ==
        decode_jpeg(bytes_of(turned)).height);
  // XMP before the Exif marker does not hide it.
  const std::string both = turned.substr(0, 2) + "\xFF\xE1" +
                           std::string("\0\x0Ahttp:/XM", 10) + turned.substr(2);
  CHECK(decode_jpeg(bytes_of(both)).pixels ==
        decode_jpeg(bytes_of(turned)).pixels);
}

TEST_CASE("A corrupt JPEG is rejected with libjpeg's reason") {
  const std::string complete = sample("rgb.jpg");
  const auto refusal = [](const std::string& bytes) -> std::string {
    try {
      decode_jpeg(bytes_of(bytes));
    } catch (const base::Error& error) {
      CHECK(error.status() == base::ExitStatus::bad_input);
      return error.what();
    }
    return "none";
  };
  CHECK(refusal(complete) == "none");
  CHECK(refusal(complete.substr(0, complete.size() / 2)) ==
        "the image is truncated");
  CHECK(refusal("") == "the JPEG is corrupt: Empty input file");
  CHECK_THAT(refusal("\xFF\xD8\xFF\xD9"), Contains("JPEG"));
  const size_t quantization = complete.find("\xFF\xDB");
  REQUIRE(quantization != std::string::npos);
  std::string corrupt = complete;
  corrupt[quantization + 4] = '\x0F';  // beyond the four tables
  CHECK_THAT(refusal(corrupt), Contains("Bogus DQT index"));
}
