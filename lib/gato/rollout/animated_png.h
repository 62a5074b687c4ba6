// Writes a video of an episode as an animated PNG. The format needs no library
// except zlib, every browser plays it, and other programs show its first frame.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "gato/data/image.h"
#include "gato/rollout/policy.h"

namespace gato::rollout {

class AnimatedPng {
 public:
  void clear() { frames_.clear(); }
  // Appends a frame. All frames get the size of the first one, which is
  // enlarged by the largest integer factor that keeps it within 256 x 256.
  void add_frame(const data::Image& frame);
  int64_t frame_count() const { return std::ssize(frames_); }
  // Returns the bytes of the file, which is played in an endless loop with a
  // pause of one second after the last frame. Requires at least one frame.
  std::string encode(int frames_per_second) const;

 private:
  int height_ = 0, width_ = 0;
  std::vector<std::string> frames_;  // zlib streams: data of IDAT chunks
};

// Returns what the environment renders or, if it cannot render, the first image
// of its observation. Throws Error(usage) if there is neither.
data::Image render_frame(const PolicyInput& input);

}  // namespace gato::rollout
