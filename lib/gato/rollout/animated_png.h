// Moving pictures of an episode, as animated PNG: a plain PNG to programs that
// know no better, no library beyond zlib, and every browser plays it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gato/data/image.h"
#include "gato/rollout/policy.h"

namespace gato::rollout {

class AnimatedPng {
 public:
  void clear() { frames_.clear(); }
  // All frames get the size of the first; small ones are enlarged by a whole
  // factor, to at most 256 pixels.
  void add_frame(const data::Image& frame);
  int64_t frame_count() const { return static_cast<int64_t>(frames_.size()); }
  // The file: played once and again for ever, at `rate` frames a second, after
  // the last one a pause of a second. At least one frame.
  std::string encode(int frames_per_second) const;

 private:
  int height_ = 0, width_ = 0;
  std::vector<std::string> frames_;  // the data of their IDAT chunks
};

// What a slot looks like: its environment's own picture, else its first image
// observation. Error (usage) where it has neither.
data::Image render_frame(const PolicyInput& input);

}  // namespace gato::rollout
