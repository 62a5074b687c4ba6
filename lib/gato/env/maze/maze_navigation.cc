#include "gato/env/maze/maze_navigation.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <queue>
#include <utility>

namespace gato::env {

bool is_free(const Labyrinth& labyrinth, MazePosition position) {
  const auto [x, y] = position;
  if (x <= 0 || y <= 0 || x >= labyrinth.width() * kQuarters ||
      y >= labyrinth.height() * kQuarters) {
    return false;
  }
  const bool is_between_columns = x % kQuarters == 0,
             is_between_rows = y % kQuarters == 0;
  // The cell of the position, or the one to the southeast of it.
  const Labyrinth::Cell cell = {x / kQuarters, y / kQuarters};
  if (is_between_columns && labyrinth.has_wall(cell, Labyrinth::west)) {
    return false;
  }
  if (is_between_rows && labyrinth.has_wall(cell, Labyrinth::north)) {
    return false;
  }
  if (is_between_columns && is_between_rows) {
    const Labyrinth::Cell northwest = {cell.x - 1, cell.y - 1};
    return !labyrinth.has_wall(northwest, Labyrinth::east) &&
           !labyrinth.has_wall(northwest, Labyrinth::south);
  }
  return true;
}

MazePose next_pose(const Labyrinth& labyrinth, MazePose pose, int action) {
  if (action != kMoveForward) {
    const int turn = action == kTurnLeft ? kHeadingCount - 1 : 1;
    pose.heading = (pose.heading + turn) % kHeadingCount;
    return pose;
  }
  const auto [x, y] = pose.position;
  const MazePosition step = kHeadings[pose.heading];
  const MazePosition ahead = {x + step.x, y + step.y};
  if (is_free(labyrinth, ahead)) {
    pose.position = ahead;
  } else if (step.x != 0 && step.y != 0) {
    const MazePosition along_x = {x + step.x, y}, along_y = {x, y + step.y};
    const bool can_x = is_free(labyrinth, along_x),
               can_y = is_free(labyrinth, along_y);
    if (can_x != can_y) {
      pose.position = can_x ? along_x : along_y;
    }
  }
  return pose;
}

bool is_touching(MazePosition agent, MazePosition thing) {
  return std::abs(agent.x - thing.x) <= 1 && std::abs(agent.y - thing.y) <= 1;
}

MazeGraph::MazeGraph(const Labyrinth& labyrinth,
                     const std::vector<MazePosition>& avoided)
    : labyrinth_(labyrinth),
      avoided_(avoided),
      width_(labyrinth.width() * kQuarters + 1),
      height_(labyrinth.height() * kQuarters + 1) {
  const int pose_count = width_ * height_ * kHeadingCount;
  for (int from = 0; from < pose_count; ++from) {
    const MazePose pose = pose_at(from);
    for (int action = 0;
         is_free(labyrinth_, pose.position) && action < kMazeActionCount;
         ++action) {
      const MazePose next = next_pose(labyrinth_, pose, action);
      edges_.push_back({pose_index(next), from, cost(pose, next)});
    }
  }
  std::ranges::sort(edges_);
  first_.assign(pose_count + 1, 0);
  for (const Edge& edge : edges_) {
    ++first_[edge.to + 1];
  }
  for (int i = 0; i < pose_count; ++i) {
    first_[i + 1] += first_[i];
  }
}

MazePose MazeGraph::pose_at(int index) const {
  const int position = index / kHeadingCount;
  return {{position % width_, position / width_}, index % kHeadingCount};
}

int MazeGraph::cost(const MazePose& from, const MazePose& to) const {
  const int dx = to.position.x - from.position.x,
            dy = to.position.y - from.position.y;
  const MazePosition ahead = kHeadings[from.heading];
  const bool slides = (dx != 0 || dy != 0) && (dx != ahead.x || dy != ahead.y);
  const bool touches =
      std::ranges::any_of(avoided_, [&to](const MazePosition& thing) {
        return is_touching(to.position, thing);
      });
  return 1 + (slides ? kSlide : 0) + (touches ? kDetour : 0);
}

// Dijkstra's algorithm (1959), backward from the poses that touch the thing.
std::vector<int> MazeGraph::distances_to(MazePosition thing) const {
  const int pose_count = width_ * height_ * kHeadingCount;
  std::vector<int> distances(pose_count, kUnreachable);
  using Entry = std::pair<int, int>;  // distance, pose
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  for (int i = 0; i < pose_count; ++i) {
    const MazePosition position = pose_at(i).position;
    if (is_free(labyrinth_, position) && is_touching(position, thing)) {
      distances[i] = 0;
      queue.emplace(0, i);
    }
  }
  while (!queue.empty()) {
    const auto [distance, pose] = queue.top();
    queue.pop();
    if (distance > distances[pose]) {
      continue;
    }
    for (int i = first_[pose]; i < first_[pose + 1]; ++i) {
      const Edge& edge = edges_[i];
      if (distance + edge.cost < distances[edge.from]) {
        distances[edge.from] = distance + edge.cost;
        queue.emplace(distances[edge.from], edge.from);
      }
    }
  }
  return distances;
}

}  // namespace gato::env
