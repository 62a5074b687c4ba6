// libwebp stores only the rectangle in which a frame differs from the one
// before it, lossless or lossy, whichever is smaller.
#include <webp/encode.h>
#include <webp/mux.h>

#include <memory>
#include <utility>

#include "gato/base/error.h"
#include "gato/rollout/animation.h"

namespace gato::rollout {
namespace {

// Faster than the default, which takes several times as long for a few percent.
constexpr int kMethod = 2;
constexpr float kQuality = 80;

class AnimatedWebp : public AnimationEncoder {
 public:
  explicit AnimatedWebp(int frames_per_second)
      : frame_milliseconds_(1000 / frames_per_second) {}

  void add_frame(const data::Image& frame) override {
    if (!encoder_) {
      start(frame.width, frame.height);
    }
    WebPPicture picture;
    if (!WebPPictureInit(&picture)) {
      throw base::run_error(
          "the version of libwebp differs from that of its headers");
    }
    picture.width = frame.width;
    picture.height = frame.height;
    picture.use_argb = 1;
    const bool is_added =
        WebPPictureImportRGB(&picture, frame.pixels.data(), 3 * frame.width) &&
        WebPAnimEncoderAdd(encoder_.get(), &picture, time_, &config_);
    WebPPictureFree(&picture);
    if (!is_added) {
      throw base::run_error("cannot encode a frame as WebP: {}",
                            WebPAnimEncoderGetError(encoder_.get()));
    }
    time_ += frame_milliseconds_;
  }

  std::string finish() override {
    // The last frame ends a second after its begin.
    const int end = time_ - frame_milliseconds_ + 1000;
    WebPData data;
    WebPDataInit(&data);
    const bool is_complete =
        WebPAnimEncoderAdd(encoder_.get(), nullptr, end, nullptr) &&
        WebPAnimEncoderAssemble(encoder_.get(), &data);
    std::string bytes(reinterpret_cast<const char*>(data.bytes), data.size);
    WebPDataClear(&data);
    if (!is_complete) {
      throw base::run_error("cannot encode an animated WebP: {}",
                            WebPAnimEncoderGetError(encoder_.get()));
    }
    return bytes;
  }

 private:
  struct Delete {
    void operator()(WebPAnimEncoder* encoder) const {
      WebPAnimEncoderDelete(encoder);
    }
  };

  void start(int width, int height) {
    WebPAnimEncoderOptions options;
    if (!WebPAnimEncoderOptionsInit(&options) || !WebPConfigInit(&config_)) {
      throw base::run_error(
          "the version of libwebp differs from that of its headers");
    }
    options.allow_mixed = 1;
    options.anim_params.loop_count = 0;
    config_.method = kMethod;
    config_.quality = kQuality;
    encoder_.reset(WebPAnimEncoderNew(width, height, &options));
    if (!encoder_) {
      throw base::run_error("cannot encode frames of {}x{} as WebP", height,
                            width);
    }
  }

  const int frame_milliseconds_;
  int time_ = 0;  // at which the next frame begins
  WebPConfig config_{};
  std::unique_ptr<WebPAnimEncoder, Delete> encoder_;
};

}  // namespace

std::unique_ptr<AnimationEncoder> make_webp_animation(int frames_per_second) {
  return std::make_unique<AnimatedWebp>(frames_per_second);
}

}  // namespace gato::rollout
