#include "gato/rollout/video_recorder.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "gato/base/error.h"
#include "gato/rollout/animation.h"
#include "gato/rollout/video_grid.h"
#include "gato/tokenize/image_patches.h"

namespace gato::rollout {
namespace {

constexpr int kFramesPerSecond = 20;

}  // namespace

VideoRecorder::VideoRecorder(std::string title,
                             const std::vector<int64_t>& episodes)
    : title_(std::move(title)) {
  const int box_size = video_box_size(std::ssize(episodes));
  for (const int64_t episode : episodes) {
    clips_.emplace(episode, VideoClip(box_size));
  }
}

VideoClip* VideoRecorder::find_clip(int64_t episode) {
  const auto clip = clips_.find(episode);
  return clip == clips_.end() || is_lost_ ? nullptr : &clip->second;
}

bool VideoRecorder::observe_step(const PolicyInput& input) {
  VideoClip* clip = find_clip(input.episode);
  if (clip == nullptr) {
    return false;
  }
  if (input.step == 0) {
    clip->clear();  // of an earlier attempt
  }
  if (input.environment->spec().has_render) {
    return true;
  }
  const data::Image frame =
      base::with_context("--video", [&] { return observed_frame(input); });
  clip->add_frame(input.step, frame);
  return false;
}

bool VideoRecorder::add_rendered_frame(const PolicyInput& input) {
  data::Image frame;
  try {
    frame = input.environment->finish_render();
  } catch (const env::EnvironmentLostError& error) {
    spdlog::warn(
        "--video: there will be no video: the environment ended at step {}, "
        "when it rendered: {}; episode {} is played again without rendering",
        input.step, error.what(), input.episode);
    is_lost_ = true;
    return false;
  } catch (const env::EnvironmentError& error) {
    warn_of_missing_frame(input.step, error.what());
    return true;
  }
  if (VideoClip* clip = find_clip(input.episode)) {
    clip->add_frame(input.step, frame);
  }
  return true;
}

void VideoRecorder::warn_of_missing_frame(int64_t step,
                                          const std::string& problem) {
  if (!has_warned_.exchange(true)) {
    spdlog::warn("--video: no frame of step {}, and perhaps of others: {}",
                 step, problem);
  }
}

bool VideoRecorder::end_episode(const data::Episode& episode) {
  const auto clip = clips_.find(episode.id);
  if (clip == clips_.end()) {
    return false;
  }
  clip->second.end(episode);
  return ++ended_count_ == clips_.size();
}

std::string VideoRecorder::encode(const std::string& file) const {
  int64_t stride = 1, steps = 0;
  bool has_frames = false;
  for (const auto& [episode, clip] : clips_) {
    stride = std::max(stride, clip.stride());
    steps = std::max(steps, clip.step_count());
    has_frames |= clip.has_frames();
  }
  if (is_lost_ || !has_frames) {
    return "";
  }
  try {
    const auto animation = make_animation(file, kFramesPerSecond);
    for (int64_t step = 0; step < steps; step += stride) {
      animation->add_frame(draw_video_frame(title_, clips_, step));
    }
    animation->add_frame(draw_video_frame(title_, clips_, steps));
    return animation->finish();
  } catch (const base::Error& error) {
    spdlog::warn("--video {}: {}", file, error.what());
  } catch (const std::bad_alloc&) {
    spdlog::warn("--video {}: there is not enough memory for the video", file);
  }
  return "";
}

data::Image observed_frame(const PolicyInput& input) {
  const env::EnvironmentSpec& spec = input.environment->spec();
  for (size_t f = 0; f < spec.task.observation_fields.size(); ++f) {
    if (spec.task.observation_fields[f].role == data::Role::image) {
      return tokenize::to_image(std::get<data::Array>((*input.observation)[f]));
    }
  }
  throw base::usage_error(
      "{} renders no image and has none among its observations",
      spec.task.name);
}

}  // namespace gato::rollout
