// The shortest tour that collects several things.
#pragma once

#include <cstdint>
#include <vector>

#include "gato/env/maze/maze_navigation.h"

namespace gato::env {

class MazeTour {
 public:
  // Plans for up to 16 things.
  MazeTour(const Labyrinth& labyrinth, const std::vector<MazePosition>& wanted,
           const std::vector<MazePosition>& avoided);
  // Returns the action with which the best tour of the things in `left` begins
  // (bit i: wanted[i] is still there). The cost of a path between two things is
  // averaged over the headings with which the first may be reached, so the tour
  // is exactly optimal for one thing and nearly so for several.
  int best_action(const MazePose& pose, uint32_t left) const;
  // Returns the estimated cost of that tour.
  double length(const MazePose& pose, uint32_t left) const;

 private:
  double& rest(uint32_t left, int thing) {
    return rest_[left * distances_.size() + thing];
  }
  double rest(uint32_t left, int thing) const {
    return rest_[left * distances_.size() + thing];
  }

  MazeGraph graph_;
  std::vector<std::vector<int>> distances_;  // [thing][pose]
  // [left][thing]: cost of the tour of `left` that begins where the thing is.
  std::vector<double> rest_;
};

}  // namespace gato::env
