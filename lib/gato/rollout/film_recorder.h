// Films one episode of a run.
#pragma once

#include <cstdint>
#include <string>

#include "gato/rollout/animated_png.h"
#include "gato/rollout/policy.h"

namespace gato::rollout {

// The episode must not suffer from being filmed. If the renderer fails, frames
// are missing; if the environment is lost (env::EnvironmentLostError), there is
// no film, and the episode is to be played again without one.
class FilmRecorder {
 public:
  explicit FilmRecorder(int64_t episode) : episode_(episode) {}

  // Adds a frame if this is the episode. Returns false if the environment is
  // lost, which happens at most once. Throws Error(usage) if there is nothing
  // to film. May be called from several threads if only one of them plays the
  // episode.
  bool add_frame(const PolicyInput& input);
  bool is_filmed(int64_t episode) const { return episode == episode_; }
  // Returns the bytes of the film of the last attempt; empty if there is none.
  std::string encode() const;

 private:
  const int64_t episode_;
  AnimatedPng frames_;
  bool is_lost_ = false, has_warned_ = false;
};

}  // namespace gato::rollout
