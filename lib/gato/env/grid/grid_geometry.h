// Cells, directions and poses of the grid worlds.
#pragma once

#include <array>
#include <cstdlib>

namespace gato::env::grid {

// x grows to the east, y to the south.
struct Cell {
  int x = 0, y = 0;
  bool operator==(const Cell&) const = default;
};

// Unit vectors of the directions, clockwise from north.
inline constexpr std::array<Cell, 4> kDirectionVectors = {
    {{0, -1}, {1, 0}, {0, 1}, {-1, 0}}};

inline Cell neighbor(Cell cell, int direction) {
  return {cell.x + kDirectionVectors[direction].x,
          cell.y + kDirectionVectors[direction].y};
}

// Returns whether the cells share an edge.
inline bool are_adjacent(Cell a, Cell b) {
  return std::abs(a.x - b.x) + std::abs(a.y - b.y) == 1;
}

// Returns whether the cells share an edge or a corner, or are the same.
inline bool do_touch(Cell a, Cell b) {
  return std::abs(a.x - b.x) <= 1 && std::abs(a.y - b.y) <= 1;
}

// The agent's cell and the direction that it faces (an index of
// kDirectionVectors).
struct Pose {
  Cell cell;
  int direction = 0;
};

inline Cell cell_ahead(const Pose& pose) {
  return neighbor(pose.cell, pose.direction);
}

// Returns `pose` after `quarter_turns` clockwise turns; -1 turns left.
inline Pose turned(Pose pose, int quarter_turns) {
  pose.direction = (pose.direction + 4 + quarter_turns) % 4;
  return pose;
}

// Returns the coordinates of `cell` relative to `pose`: x is the number of
// cells to its right and y the number of cells ahead.
inline Cell to_pose_frame(const Pose& pose, Cell cell) {
  const Cell ahead = kDirectionVectors[pose.direction];
  const int dx = cell.x - pose.cell.x, dy = cell.y - pose.cell.y;
  return {-dx * ahead.y + dy * ahead.x, dx * ahead.x + dy * ahead.y};
}

// The inverse of to_pose_frame.
inline Cell from_pose_frame(const Pose& pose, Cell seen) {
  const Cell ahead = kDirectionVectors[pose.direction];
  return {pose.cell.x - seen.x * ahead.y + seen.y * ahead.x,
          pose.cell.y + seen.x * ahead.x + seen.y * ahead.y};
}

}  // namespace gato::env::grid
