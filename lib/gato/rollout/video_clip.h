// The video of one episode.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/image.h"

namespace gato::rollout {

// Frames of an episode, reduced or enlarged to fit into a box and compressed.
// The memory is bounded: of a long episode, every second step has a frame, or
// every fourth, and so on.
class VideoClip {
 public:
  explicit VideoClip(int box_size) : box_size_(box_size) {}

  // Forgets all frames.
  void clear();
  // Adds the frame of a step; the steps of an attempt come in order. A frame
  // may be missing.
  void add_frame(int64_t step, const data::Image& frame);
  // Adds what is drawn below the frames. `episode` is the complete episode.
  void end(const data::Episode& episode);

  // The state of the episode after a number of steps.
  struct State {
    std::optional<data::Image> frame;  // the last one so far, if there is any
    int64_t step = 0;
    double total_reward = 0;
    bool has_ended = false, failed = false;
    std::optional<bool> success;  // so far; nullopt if the task does not say
  };
  State state_at(int64_t step) const;
  bool has_frames() const { return !frames_.empty(); }
  int64_t step_count() const { return std::ssize(total_rewards_) - 1; }
  // The steps between two frames.
  int64_t stride() const { return stride_; }

 private:
  struct Frame {
    int64_t step = 0;
    int height = 0, width = 0;
    std::string deflated;
  };

  const int box_size_;
  int64_t stride_ = 1;
  std::vector<Frame> frames_;
  std::vector<double> total_rewards_ = {0};  // after 0, 1, ... steps
  bool failed_ = false;
  std::optional<bool> success_;
  std::optional<int64_t> steps_to_success_;
};

}  // namespace gato::rollout
