#include "gato/rollout/film_recorder.h"

#include <spdlog/spdlog.h>

#include "gato/base/error.h"

namespace gato::rollout {
namespace {

constexpr int kFramesPerSecond = 20;

}  // namespace

bool FilmRecorder::add_frame(const PolicyInput& input) {
  if (!is_filmed(input.episode) || is_lost_) {
    return true;
  }
  if (input.step == 0) {
    frames_.clear();  // of an earlier attempt
  }
  try {
    frames_.add_frame(
        base::with_context("--video", [&] { return render_frame(input); }));
  } catch (const env::EnvironmentLostError& error) {
    spdlog::warn(
        "--video: there will be no video: the environment ended at step {}, "
        "when it rendered: {}; episode {} is played again without rendering",
        input.step, error.what(), input.episode);
    frames_.clear();
    is_lost_ = true;
    return false;
  } catch (const env::EnvironmentError& error) {
    if (!has_warned_) {
      spdlog::warn("--video: no frame of step {}, and perhaps others: {}",
                   input.step, error.what());
      has_warned_ = true;
    }
  }
  return true;
}

std::string FilmRecorder::encode() const {
  return frames_.frame_count() > 0 ? frames_.encode(kFramesPerSecond)
                                   : std::string();
}

}  // namespace gato::rollout
