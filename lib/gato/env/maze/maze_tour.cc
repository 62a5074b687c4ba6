// The orders are compared by dynamic programming over the sets of things that
// are left (Held & Karp 1962).
#include "gato/env/maze/maze_tour.h"

#include <algorithm>
#include <limits>

namespace gato::env {

MazeTour::MazeTour(const Labyrinth& labyrinth,
                   const std::vector<MazePosition>& wanted,
                   const std::vector<MazePosition>& avoided)
    : graph_(labyrinth, avoided) {
  const int count = static_cast<int>(wanted.size());
  distances_.reserve(count);
  for (const MazePosition thing : wanted) {
    distances_.push_back(graph_.distances_to(thing));
  }
  // between[i * count + j]: from thing i to thing j.
  std::vector<double> between(count * count);
  for (int i = 0; i < count; ++i) {
    for (int j = 0; j < count; ++j) {
      for (int heading = 0; heading < kHeadingCount; ++heading) {
        between[i * count + j] +=
            static_cast<double>(
                distances_[j][graph_.pose_index({wanted[i], heading})]) /
            kHeadingCount;
      }
    }
  }
  rest_.resize((size_t{1} << count) * count);
  for (uint32_t left = 1; left < uint32_t{1} << count; ++left) {
    for (int from = 0; from < count; ++from) {
      double best = std::numeric_limits<double>::infinity();
      for (int to = 0; to < count; ++to) {
        if (left >> to & 1) {
          best = std::min(best, between[from * count + to] +
                                    rest(left ^ uint32_t{1} << to, to));
        }
      }
      rest(left, from) = best;
    }
  }
}

double MazeTour::length(const MazePose& pose, uint32_t left) const {
  double best = left == 0 ? 0 : std::numeric_limits<double>::infinity();
  for (int i = 0; i < std::ssize(distances_); ++i) {
    if (left >> i & 1) {
      best = std::min(best, distances_[i][graph_.pose_index(pose)] +
                                rest(left ^ uint32_t{1} << i, i));
    }
  }
  return best;
}

int MazeTour::best_action(const MazePose& pose, uint32_t left) const {
  int best_action = kMoveForward;
  double best_length = std::numeric_limits<double>::infinity();
  for (int action = 0; action < kMazeActionCount; ++action) {
    const MazePose next = next_pose(graph_.labyrinth(), pose, action);
    const double steps = graph_.cost(pose, next) + length(next, left);
    if (steps < best_length) {
      best_length = steps;
      best_action = action;
    }
  }
  return best_action;
}

}  // namespace gato::env
