// Positions of an agent in a labyrinth, its moves, and its shortest paths.
#pragma once

#include <array>
#include <vector>

#include "gato/env/maze/labyrinth.h"

namespace gato::env {

// Positions are on a grid of quarters of a cell, headings are multiples of 45
// degrees. An agent keeps a quarter of a cell away from walls and their ends.
inline constexpr int kQuarters = 4;  // per cell

struct MazePosition {
  int x = 0, y = 0;
  static MazePosition middle_of(Labyrinth::Cell cell) {
    return {cell.x * kQuarters + kQuarters / 2,
            cell.y * kQuarters + kQuarters / 2};
  }
};

struct MazePose {
  MazePosition position;
  int heading = 0;  // an index of kHeadings
};

// Steps of a quarter of a cell, or of its diagonal, clockwise from north.
inline constexpr int kHeadingCount = 8;
inline constexpr std::array<MazePosition, kHeadingCount> kHeadings = {
    {{0, -1}, {1, -1}, {1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}}};

enum MazeAction { kMoveForward, kTurnLeft, kTurnRight };
inline constexpr int kMazeActionCount = 3;

// Returns whether an agent can be at a position.
bool is_free(const Labyrinth& labyrinth, MazePosition position);
// Returns the pose after an action. A diagonal step into a wall becomes a step
// along the wall; any other step into a wall has no effect.
MazePose next_pose(const Labyrinth& labyrinth, MazePose pose, int action);
// Returns whether an agent touches a thing in the middle of a cell.
bool is_touching(MazePosition agent, MazePosition thing);

// The poses of a labyrinth as a graph. The cost of an action is one step, plus
// kSlide if the agent slides along a wall, which it would have to see, plus
// kDetour if it then touches a thing that is to be avoided.
class MazeGraph {
 public:
  static constexpr int kUnreachable = 1 << 20, kSlide = 1, kDetour = 40;

  MazeGraph(const Labyrinth& labyrinth,
            const std::vector<MazePosition>& avoided);
  const Labyrinth& labyrinth() const { return labyrinth_; }
  // Returns the cost of the cheapest path from each pose to one that touches
  // the thing, indexed by pose_index; kUnreachable for poses that are not free.
  std::vector<int> distances_to(MazePosition thing) const;
  // Returns the cost of an action that leads from one pose to another.
  int cost(const MazePose& from, const MazePose& to) const;
  int pose_index(const MazePose& pose) const {
    return (pose.position.y * width_ + pose.position.x) * kHeadingCount +
           pose.heading;
  }

 private:
  struct Edge {
    int to = 0, from = 0, cost = 0;
    auto operator<=>(const Edge&) const = default;
  };
  MazePose pose_at(int index) const;

  Labyrinth labyrinth_;
  std::vector<MazePosition> avoided_;
  int width_, height_;  // in positions
  // The edges to pose i are those from first_[i] up to first_[i + 1].
  std::vector<Edge> edges_;
  std::vector<int> first_;
};

}  // namespace gato::env
