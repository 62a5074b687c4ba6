#include "gato/rollout/film.h"

#include <opencv2/imgcodecs.hpp>

#include "catch.h"
#include "gato/base/error.h"
#include "rollout/toy_environment.h"

using namespace gato;

namespace {

Image plain(int height, int width, uint8_t red) {
  Image image{height, width,
              std::vector<uint8_t>(static_cast<size_t>(height) * width * 3)};
  for (size_t i = 0; i < image.pixels.size(); i += 3) image.pixels[i] = red;
  return image;
}

int count(const std::string& text, const std::string& what) {
  int n = 0;
  for (size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + 1))
    ++n;
  return n;
}

}  // namespace

TEST_CASE("a film is a PNG whose first picture is the first frame") {
  Film film;
  film.add(plain(32, 24, 200));
  film.add(plain(32, 24, 100));
  film.add(plain(32, 24, 50));
  REQUIRE(film.frames() == 3);
  const std::string file = film.to_apng(20);
  REQUIRE(count(file, "acTL") == 1);
  REQUIRE(count(file, "fcTL") == 3);
  REQUIRE(count(file, "IDAT") == 1);
  REQUIRE(count(file, "fdAT") == 2);

  const std::vector<uint8_t> bytes(file.begin(), file.end());
  const cv::Mat first = cv::imdecode(bytes, cv::IMREAD_COLOR);
  REQUIRE(first.rows == 256);  // eight times as large
  REQUIRE(first.cols == 192);
  REQUIRE(first.at<cv::Vec3b>(100, 100) == cv::Vec3b(0, 0, 200));
}

TEST_CASE("frames of another size get that of the first") {
  Film film;
  film.add(plain(300, 400, 1));
  film.add(plain(30, 40, 2));
  const std::string file = film.to_apng(20);
  const std::vector<uint8_t> bytes(file.begin(), file.end());
  const cv::Mat first = cv::imdecode(bytes, cv::IMREAD_COLOR);
  REQUIRE(first.rows == 300);
  REQUIRE(first.cols == 400);
}

TEST_CASE("an environment without pictures cannot be filmed") {
  ToyEnvironment environment(3);
  const Values observation = environment.reset(1);
  Turn turn;
  turn.observation = &observation;
  turn.environment = &environment;
  REQUIRE_THROWS_AS(picture_of(turn), Error);
}
