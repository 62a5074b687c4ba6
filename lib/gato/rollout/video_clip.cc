#include "gato/rollout/video_clip.h"

#include <zlib.h>

#include <algorithm>
#include <new>
#include <opencv2/imgproc.hpp>

namespace gato::rollout {
namespace {

constexpr size_t kMaxFrames = 500;

// Enlarges by an integer factor, which keeps the pixels of small images sharp,
// or reduces by averaging.
data::Image fit_into_box(const data::Image& image, int box_size) {
  const int longer_side = std::max(image.height, image.width);
  const double factor = longer_side <= box_size ? box_size / longer_side
                                                : 1.0 * box_size / longer_side;
  data::Image fitted;
  fitted.height = std::max(1, static_cast<int>(image.height * factor));
  fitted.width = std::max(1, static_cast<int>(image.width * factor));
  fitted.pixels.resize(size_t{3} * fitted.height * fitted.width);
  const cv::Mat from(image.height, image.width, CV_8UC3,
                     const_cast<uint8_t*>(image.pixels.data()));
  cv::Mat to(fitted.height, fitted.width, CV_8UC3, fitted.pixels.data());
  cv::resize(from, to, to.size(), 0, 0,
             factor >= 1 ? cv::INTER_NEAREST : cv::INTER_AREA);
  return fitted;
}

}  // namespace

void VideoClip::clear() {
  stride_ = 1;
  frames_.clear();
}

void VideoClip::add_frame(int64_t step, const data::Image& frame) {
  if (step % stride_ != 0) {
    return;
  }
  const data::Image fitted = fit_into_box(frame, box_size_);
  uLongf size = compressBound(fitted.pixels.size());
  Frame& added =
      frames_.emplace_back(Frame{step, fitted.height, fitted.width, {}});
  added.deflated.resize(size);
  if (compress2(reinterpret_cast<Bytef*>(added.deflated.data()), &size,
                fitted.pixels.data(), fitted.pixels.size(),
                Z_BEST_SPEED) != Z_OK) {
    throw std::bad_alloc();
  }
  added.deflated.resize(size);
  added.deflated.shrink_to_fit();
  while (frames_.size() > kMaxFrames) {
    stride_ *= 2;
    std::erase_if(frames_, [this](const Frame& kept) {
      return kept.step % stride_ != 0;
    });
  }
}

void VideoClip::end(const data::Episode& episode) {
  total_rewards_ = {0};
  for (const double reward : episode.rewards) {
    total_rewards_.push_back(total_rewards_.back() + reward);
  }
  failed_ = episode.failed;
  success_ = episode.success;
  steps_to_success_ = data::steps_to_success(episode.infos);
}

VideoClip::State VideoClip::state_at(int64_t step) const {
  State state;
  state.step = std::min(step, step_count());
  state.total_reward = total_rewards_[state.step];
  state.has_ended = step >= step_count();
  state.failed = state.has_ended && failed_;
  if (success_) {
    state.success = steps_to_success_ && step >= *steps_to_success_;
  }
  const auto next = std::ranges::upper_bound(frames_, step, {}, &Frame::step);
  if (next != frames_.begin()) {
    const Frame& frame = *std::prev(next);
    data::Image& image = state.frame.emplace();
    image.height = frame.height;
    image.width = frame.width;
    image.pixels.resize(size_t{3} * frame.height * frame.width);
    uLongf size = image.pixels.size();
    uncompress(image.pixels.data(), &size,
               reinterpret_cast<const Bytef*>(frame.deflated.data()),
               frame.deflated.size());
  }
  return state;
}

}  // namespace gato::rollout
