#include "gato/rollout/animated_png.h"

#include <opencv2/imgcodecs.hpp>

#include "catch.h"
#include "gato/base/error.h"
#include "rollout/toy_environment.h"

using namespace gato;
using namespace gato::rollout;

namespace {

data::Image solid_image(int height, int width, uint8_t red) {
  data::Image image{
      height, width,
      std::vector<uint8_t>(static_cast<size_t>(height) * width * 3)};
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    image.pixels[i] = red;
  }
  return image;
}

int count_occurrences(const std::string& text, const std::string& what) {
  int n = 0;
  for (size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + 1)) {
    ++n;
  }
  return n;
}

}  // namespace

TEST_CASE("A video is a PNG whose still image is the first frame") {
  AnimatedPng video;
  video.add_frame(solid_image(32, 24, 200));
  video.add_frame(solid_image(32, 24, 100));
  video.add_frame(solid_image(32, 24, 50));
  REQUIRE(video.frame_count() == 3);
  const std::string file = video.encode(20);
  REQUIRE(count_occurrences(file, "acTL") == 1);
  REQUIRE(count_occurrences(file, "fcTL") == 3);
  REQUIRE(count_occurrences(file, "IDAT") == 1);
  REQUIRE(count_occurrences(file, "fdAT") == 2);

  const std::vector<uint8_t> bytes(file.begin(), file.end());
  const cv::Mat first = cv::imdecode(bytes, cv::IMREAD_COLOR);
  REQUIRE(first.rows == 256);  // eight times as large
  REQUIRE(first.cols == 192);
  REQUIRE(first.at<cv::Vec3b>(100, 100) == cv::Vec3b(0, 0, 200));
}

TEST_CASE("Frames of another size are resized to that of the first") {
  AnimatedPng video;
  video.add_frame(solid_image(300, 400, 1));
  video.add_frame(solid_image(30, 40, 2));
  const std::string file = video.encode(20);
  const std::vector<uint8_t> bytes(file.begin(), file.end());
  const cv::Mat first = cv::imdecode(bytes, cv::IMREAD_COLOR);
  REQUIRE(first.rows == 300);
  REQUIRE(first.cols == 400);
}

TEST_CASE("An environment without images cannot be recorded") {
  ToyEnvironment environment(3);
  const data::FieldValues observation = environment.reset(1);
  PolicyInput input;
  input.observation = &observation;
  input.environment = &environment;
  REQUIRE_THROWS_AS(render_frame(input), base::Error);
}
