#include "gato/ingest/images/image_decoder.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "cli/run_in_process.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/ingest/base64.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;

namespace {

std::string encoded(const std::string& extension, const cv::Mat& pixels) {
  std::vector<uint8_t> bytes;
  REQUIRE(cv::imencode(extension, pixels, bytes));
  return {bytes.begin(), bytes.end()};
}

// Red on the left, blue on the right, in OpenCV's BGR order.
cv::Mat two_colors(int type) {
  cv::Mat pixels(16, 32, type, cv::Scalar(0, 0, 255, 0));
  pixels.colRange(16, 32).setTo(cv::Scalar(255, 0, 0, 128));
  return pixels;
}

}  // namespace

TEST_CASE("A PNG keeps its colors and loses its alpha") {
  const test::ScratchDirectory folder;
  for (int type : {CV_8UC3, CV_8UC4}) {
    const data::Image image = read_image(
        folder.write_file("a.png", encoded(".png", two_colors(type))));
    CHECK(image.height == 16);
    CHECK(image.width == 32);
    CHECK(image.pixels[0] == 255);
    CHECK(image.pixels[2] == 0);
    CHECK(image.pixels[31 * 3] == 0);
    CHECK(image.pixels[31 * 3 + 2] == 255);
  }
}

TEST_CASE("Gray is replicated") {
  const test::ScratchDirectory folder;
  const cv::Mat gray(16, 16, CV_8UC1, cv::Scalar(77));
  for (const char* extension : {".png", ".jpg"}) {
    const data::Image image =
        read_image(folder.write_file("gray", encoded(extension, gray)));
    for (int c = 0; c < 3; ++c) {
      CHECK(std::abs(image.pixels[static_cast<size_t>(c)] - 77) <= 1);
    }
  }
}

// The expected pixels are those of the script that made the files.
TEST_CASE("Images of every format decode to the expected pixels") {
  const std::string folder = GATO_SOURCE_DIR "/tests/samples/images/";
  const auto expected =
      nlohmann::json::parse(base::read_file(folder + "expected.json"));
  CHECK(expected.size() == 46);
  for (const auto& [name, entry] : expected.items()) {
    CAPTURE(name);
    const data::Image image = read_image(folder + name);
    CHECK(image.height == entry.at("height"));
    CHECK(image.width == entry.at("width"));
    const std::string pixels =
        decode_base64(entry.at("pixels").get<std::string>());
    REQUIRE(image.pixels.size() == pixels.size());
    int max_difference = 0;
    for (size_t i = 0; i < pixels.size(); ++i) {
      const int difference =
          std::abs(image.pixels[i] - static_cast<uint8_t>(pixels[i]));
      max_difference = std::max(max_difference, difference);
    }
    CHECK(max_difference <= entry.at("tolerance"));
  }
}

TEST_CASE("A truncated image of any format is a bad record") {
  const test::ScratchDirectory folder;
  for (const char* name :
       {"rgb.jpg", "progressive.jpg", "rgb.png", "lossless.webp", "lossy.webp",
        "rgb.ppm", "rgb-16.ppm", "grey.pgm", "text.ppm"}) {
    CAPTURE(name);
    const std::string complete = base::read_file(
        std::string(GATO_SOURCE_DIR "/tests/samples/images/") + name);
    CHECK_THROWS_AS(read_image(folder.write_file(
                        "half", complete.substr(0, complete.size() / 2))),
                    base::Error);
  }
}

TEST_CASE("Every proper prefix of a JPEG or PNG is truncated") {
  const test::ScratchDirectory folder;
  for (const char* extension : {".jpg", ".png"}) {
    const std::string complete = encoded(extension, two_colors(CV_8UC3));
    const auto bytes = std::span(
        reinterpret_cast<const uint8_t*>(complete.data()), complete.size());
    CHECK_NOTHROW(decode_image(bytes));
    for (size_t size = 0; size < complete.size(); ++size) {
      REQUIRE_THROWS_AS(decode_image(bytes.first(size)), base::Error);
    }
    CHECK_THROWS_WITH(read_image(folder.write_file(
                          "half", complete.substr(0, complete.size() / 2))),
                      Contains("half: the image is truncated"));
    CHECK_NOTHROW(
        read_image(folder.write_file("more", complete + "trailing bytes")));
  }
}

TEST_CASE("A file that is not an image is a bad record") {
  const test::ScratchDirectory folder;
  const std::string png = encoded(".png", two_colors(CV_8UC3));
  for (const std::string& path :
       {folder.write_file("empty.png", ""),
        folder.write_file("text.png", "certainly not an image"),
        folder.write_file("half.png", png.substr(0, png.size() / 2))}) {
    CAPTURE(path);
    try {
      read_image(path);
      FAIL("no error");
    } catch (const base::Error& error) {
      CHECK(error.status() == base::ExitStatus::bad_input);
      CHECK_THAT(error.what(), Contains(path));
    }
  }
}

TEST_CASE("A file that cannot be read is an I/O error, not a bad record") {
  const test::ScratchDirectory folder;
  for (const std::string& path : {folder / "missing.png", folder / ""}) {
    CAPTURE(path);
    try {
      read_image(path);
      FAIL("no error");
    } catch (const base::Error& error) {
      CHECK(error.status() == base::ExitStatus::io);
      CHECK_THAT(error.what(), Contains(path));
    }
  }
}
