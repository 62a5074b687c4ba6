#include "gato/ingest/image_file.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "cli/run_in_process.h"
#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/ingest/base64.h"
#include "gato/ingest/plain_jpeg.h"

using namespace gato;
using Catch::Matchers::Contains;

namespace {

std::string encoded(const std::string& extension, const cv::Mat& pixels) {
  std::vector<uint8_t> bytes;
  REQUIRE(cv::imencode(extension, pixels, bytes));
  return {bytes.begin(), bytes.end()};
}

// Red to the left, blue to the right; as OpenCV has it, B first.
cv::Mat two_colours(int type) {
  cv::Mat pixels(16, 32, type, cv::Scalar(0, 0, 255, 0));
  pixels.colRange(16, 32).setTo(cv::Scalar(255, 0, 0, 128));
  return pixels;
}

}  // namespace

TEST_CASE("a PNG gives its colours, and loses its alpha") {
  const test::TemporaryFolder folder;
  for (int type : {CV_8UC3, CV_8UC4}) {
    const Image image =
        read_image(folder.write("a.png", encoded(".png", two_colours(type))));
    CHECK(image.height == 16);
    CHECK(image.width == 32);
    CHECK(image.pixels[0] == 255);
    CHECK(image.pixels[2] == 0);
    CHECK(image.pixels[31 * 3] == 0);
    CHECK(image.pixels[31 * 3 + 2] == 255);
  }
}

TEST_CASE("grey is replicated") {
  const test::TemporaryFolder folder;
  const cv::Mat grey(16, 16, CV_8UC1, cv::Scalar(77));
  for (const char* extension : {".png", ".jpg"}) {
    const Image image =
        read_image(folder.write("grey", encoded(extension, grey)));
    for (int c = 0; c < 3; ++c) {
      CHECK(std::abs(image.pixels[static_cast<size_t>(c)] - 77) <= 1);
    }
  }
}

// What must come out is told by the script that made the files.
TEST_CASE("pictures of every format give the pixels that they hold") {
  const std::string folder = GATO_SOURCE_DIR "/tests/samples/images/";
  const auto expected =
      nlohmann::json::parse(read_file(folder + "expected.json"));
  CHECK(expected.size() == 46);
  for (const auto& [name, entry] : expected.items()) {
    CAPTURE(name);
    const Image image = read_image(folder + name);
    CHECK(image.height == entry.at("height"));
    CHECK(image.width == entry.at("width"));
    const std::string pixels =
        decode_base64(entry.at("pixels").get<std::string>());
    REQUIRE(image.pixels.size() == pixels.size());
    int largest = 0;
    for (size_t i = 0; i < pixels.size(); ++i) {
      const int difference =
          std::abs(image.pixels[i] - static_cast<uint8_t>(pixels[i]));
      largest = std::max(largest, difference);
    }
    CHECK(largest <= entry.at("tolerance"));
  }
}

TEST_CASE("a plain JPEG gives what OpenCV gives, bit for bit") {
  cv::Mat noise(45, 77, CV_8UC3);
  cv::randu(noise, 0, 256);
  for (const int quality : {10, 75, 100}) {
    for (const bool colour : {true, false}) {
      cv::Mat picture = noise;
      if (!colour) cv::extractChannel(noise, picture, 1);
      std::vector<uint8_t> bytes;
      cv::imencode(".jpg", picture, bytes,
                   {cv::IMWRITE_JPEG_QUALITY, quality,
                    cv::IMWRITE_JPEG_PROGRESSIVE, quality == 75});
      const auto image = decode_plain_jpeg(bytes);
      REQUIRE(image);
      const cv::Mat expected = cv::imdecode(bytes, cv::IMREAD_COLOR);
      cv::Mat pixels(image->height, image->width, CV_8UC3,
                     const_cast<uint8_t*>(image->pixels.data()));
      cv::cvtColor(pixels, pixels, cv::COLOR_RGB2BGR);
      REQUIRE(pixels.size() == expected.size());
      CHECK(cv::norm(pixels, expected, cv::NORM_INF) == 0);
    }
  }
}

TEST_CASE("a turned, a CMYK and a damaged JPEG are not plain") {
  const std::string folder = GATO_SOURCE_DIR "/tests/samples/images/";
  const auto is_plain = [](const std::string& bytes) {
    return decode_plain_jpeg(
               {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()})
        .has_value();
  };
  CHECK(is_plain(read_file(folder + "grey.jpg")));
  for (const char* name : {"turned-1.jpg", "turned-6.jpg", "cmyk.jpg"}) {
    CHECK_FALSE(is_plain(read_file(folder + name)));
  }
  const std::string plain = read_file(folder + "rgb.jpg");
  CHECK(is_plain(plain));
  CHECK_FALSE(is_plain(plain.substr(0, plain.size() - 2)));  // no end mark
  CHECK_FALSE(is_plain(plain.substr(0, plain.size() / 2)));
  // APP1 that is no Exif, but could be read as its contents.
  CHECK_FALSE(is_plain(plain.substr(0, 2) + "\xFF\xE1" +
                       std::string("\0\x0A......II", 10) + plain.substr(2)));
  CHECK_FALSE(is_plain("\xFF\xD8\xFF\xD9"));
  CHECK_FALSE(is_plain(""));
}

TEST_CASE("half a picture of any format is a bad record") {
  const test::TemporaryFolder folder;
  for (const char* name :
       {"rgb.jpg", "progressive.jpg", "rgb.png", "lossless.webp", "lossy.webp",
        "rgb.ppm", "rgb-16.ppm", "grey.pgm", "text.ppm"}) {
    CAPTURE(name);
    const std::string whole =
        read_file(std::string(GATO_SOURCE_DIR "/tests/samples/images/") + name);
    CHECK_THROWS_AS(
        read_image(folder.write("half", whole.substr(0, whole.size() / 2))),
        Error);
  }
}

TEST_CASE("a CMYK JPEG becomes RGB") {
  const Image image = read_image(GATO_SOURCE_DIR "/tests/ingest/red-cmyk.jpg");
  CHECK(image.height == 16);
  CHECK(image.width == 20);
  CHECK(image.pixels[0] > 230);
  CHECK(image.pixels[1] < 25);
  CHECK(image.pixels[2] < 25);
}

TEST_CASE("a JPEG is complete with its end mark alone") {
  const test::TemporaryFolder folder;
  const std::string whole = encoded(".jpg", two_colours(CV_8UC3));
  const auto complete = [](const std::string& bytes) {
    return is_complete_jpeg(
        {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  };
  CHECK(complete(whole));
  CHECK(complete(whole + "trailing bytes"));
  for (size_t size = 2; size < whole.size(); ++size) {
    REQUIRE_FALSE(complete(whole.substr(0, size)));
  }
  // An end mark within a segment, as a thumbnail has, ends nothing.
  const std::string thumbnail("\xFF\xD8\xFF\xE1\x00\x06\xFF\xD9\xFF\xD9", 10);
  CHECK_FALSE(complete(thumbnail));
  CHECK_THROWS_WITH(
      read_image(folder.write("half.jpg", whole.substr(0, whole.size() / 2))),
      Contains("half.jpg") && Contains("cut short"));
}

TEST_CASE("a PNG is complete with its IEND chunk alone") {
  const std::string whole = encoded(".png", two_colours(CV_8UC3));
  for (size_t size = 0; size <= whole.size(); ++size) {
    const bool complete =
        is_complete_png({reinterpret_cast<const uint8_t*>(whole.data()), size});
    REQUIRE(complete == (size == whole.size()));
  }
}

TEST_CASE("what is no image is a bad record") {
  const test::TemporaryFolder folder;
  const std::string png = encoded(".png", two_colours(CV_8UC3));
  for (const std::string& path :
       {folder.write("empty.png", ""),
        folder.write("text.png", "certainly not an image"),
        folder.write("half.png", png.substr(0, png.size() / 2))}) {
    CAPTURE(path);
    try {
      read_image(path);
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.status() == ExitStatus::bad_input);
      CHECK_THAT(error.what(), Contains(path));
    }
  }
}

TEST_CASE("what cannot be read is no bad record") {
  const test::TemporaryFolder folder;
  for (const std::string& path : {folder / "missing.png", folder / ""}) {
    CAPTURE(path);
    try {
      read_image(path);
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.status() == ExitStatus::io);
      CHECK_THAT(error.what(), Contains(path));
    }
  }
}
