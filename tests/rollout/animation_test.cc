#include "gato/rollout/animation.h"

#include <webp/decode.h>
#include <webp/mux.h>

#include <opencv2/imgcodecs.hpp>

#include "base/count_occurrences.h"
#include "catch.h"

using namespace gato;
using namespace gato::rollout;
using namespace gato::test;

namespace {

// Returns a red image with one blue pixel at (x, x).
data::Image sample_frame(int height, int width, uint8_t red, int x) {
  data::Image image{
      height, width,
      std::vector<uint8_t>(static_cast<size_t>(height) * width * 3)};
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    image.pixels[i] = red;
  }
  image.pixels[3 * (x * width + x)] = 0;
  image.pixels[3 * (x * width + x) + 2] = 255;
  return image;
}

// Returns the 32-bit big-endian integers that follow each occurrence of the
// chunk type: sequence number, width, height, x and y of fcTL.
std::vector<std::vector<uint32_t>> frame_controls(const std::string& file) {
  std::vector<std::vector<uint32_t>> controls;
  for (size_t at = file.find("fcTL"); at != std::string::npos;
       at = file.find("fcTL", at + 1)) {
    std::vector<uint32_t>& control = controls.emplace_back();
    for (size_t i = 0; i < 5; ++i) {
      uint32_t value = 0;
      for (size_t j = 0; j < 4; ++j) {
        value = value << 8 | static_cast<uint8_t>(file[at + 4 + 4 * i + j]);
      }
      control.push_back(value);
    }
  }
  return controls;
}

}  // namespace

TEST_CASE("A PNG contains the first frame and what changes in the others") {
  const auto animation = make_png_animation(20);
  animation->add_frame(sample_frame(32, 24, 200, 0));
  animation->add_frame(sample_frame(32, 24, 200, 3));
  animation->add_frame(sample_frame(32, 24, 200, 3));
  const std::string file = animation->finish();
  REQUIRE(count_occurrences(file, "acTL") == 1);
  REQUIRE(count_occurrences(file, "IDAT") == 1);
  REQUIRE(count_occurrences(file, "fdAT") == 2);
  REQUIRE(frame_controls(file) ==
          std::vector<std::vector<uint32_t>>{
              {0, 24, 32, 0, 0}, {1, 4, 4, 0, 0}, {3, 1, 1, 0, 0}});

  const std::vector<uint8_t> bytes(file.begin(), file.end());
  const cv::Mat first = cv::imdecode(bytes, cv::IMREAD_COLOR);
  REQUIRE(first.rows == 32);
  REQUIRE(first.cols == 24);
  REQUIRE(first.at<cv::Vec3b>(10, 10) == cv::Vec3b(0, 0, 200));
  REQUIRE(first.at<cv::Vec3b>(0, 0) == cv::Vec3b(255, 0, 0));
}

TEST_CASE("A WebP contains all frames and their durations") {
  const auto animation = make_webp_animation(20);
  for (int i = 0; i < 5; ++i) {
    animation->add_frame(sample_frame(48, 64, 200, 4 * i));
  }
  const std::string file = animation->finish();
  REQUIRE(file.starts_with("RIFF"));

  const WebPData data{reinterpret_cast<const uint8_t*>(file.data()),
                      file.size()};
  WebPMux* mux = WebPMuxCreate(&data, 0);
  REQUIRE(mux != nullptr);
  int frame_count = 0, duration = 0;
  REQUIRE(WebPMuxNumChunks(mux, WEBP_CHUNK_ANMF, &frame_count) == WEBP_MUX_OK);
  REQUIRE(frame_count == 5);
  for (int i = 1; i <= frame_count; ++i) {
    WebPMuxFrameInfo frame;
    REQUIRE(WebPMuxGetFrame(mux, i, &frame) == WEBP_MUX_OK);
    duration += frame.duration;
    if (i == 1) {
      int width = 0, height = 0;
      uint8_t* pixels = WebPDecodeRGB(frame.bitstream.bytes,
                                      frame.bitstream.size, &width, &height);
      REQUIRE(width == 64);
      REQUIRE(height == 48);
      CHECK(std::abs(pixels[3 * (20 * 64 + 20)] - 200) < 10);
      WebPFree(pixels);
    }
    WebPDataClear(&frame.bitstream);
  }
  WebPMuxDelete(mux);
  REQUIRE(duration == 4 * 50 + 1000);
}

TEST_CASE("The name of a file decides on the format of an animation") {
  for (const std::string name : {"x.png", "x.apng", "x.webp"}) {
    REQUIRE(is_animation_name(name));
    const auto animation = make_animation(name, 20);
    animation->add_frame(sample_frame(16, 16, 200, 0));
    REQUIRE(has_format_of(name, animation->finish()));
  }
  for (const std::string name : {"x.gif", "png", "x.PNG.txt"}) {
    REQUIRE_FALSE(is_animation_name(name));
  }
  REQUIRE_FALSE(has_format_of("x.webp", "\x89PNG"));
}
