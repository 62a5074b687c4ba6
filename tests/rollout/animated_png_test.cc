#include "gato/rollout/animated_png.h"

#include <opencv2/imgcodecs.hpp>

#include "catch.h"
#include "gato/base/error.h"
#include "rollout/toy_environment.h"

using namespace gato;
using namespace gato::rollout;

namespace {

data::Image plain(int height, int width, uint8_t red) {
  data::Image image{
      height, width,
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
  AnimatedPng film;
  film.add_frame(plain(32, 24, 200));
  film.add_frame(plain(32, 24, 100));
  film.add_frame(plain(32, 24, 50));
  REQUIRE(film.frame_count() == 3);
  const std::string file = film.encode(20);
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
  AnimatedPng film;
  film.add_frame(plain(300, 400, 1));
  film.add_frame(plain(30, 40, 2));
  const std::string file = film.encode(20);
  const std::vector<uint8_t> bytes(file.begin(), file.end());
  const cv::Mat first = cv::imdecode(bytes, cv::IMREAD_COLOR);
  REQUIRE(first.rows == 300);
  REQUIRE(first.cols == 400);
}

TEST_CASE("an environment without pictures cannot be filmed") {
  ToyEnvironment environment(3);
  const data::FieldValues observation = environment.reset(1);
  PolicyInput turn;
  turn.observation = &observation;
  turn.environment = &environment;
  REQUIRE_THROWS_AS(render_frame(turn), base::Error);
}
