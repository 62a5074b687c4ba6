// Sokoban: a room with walls and targets, a player and boxes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace gato::env::puzzle {

// Rooms have at most 10 x 10 cells within their outer wall.
inline constexpr int kMaxRoomCells = 144, kMaxBoxes = 4;

// A room without what moves in it. Cell y * side + x is in row y and column x,
// and includes the outer wall, so that every neighbor of a floor cell exists.
struct Room {
  int side = 0;
  std::array<bool, kMaxRoomCells> is_wall{}, is_target{};

  int cell_count() const { return side * side; }
  // Directions, which are also the actions: 0 up, 1 right, 2 down, 3 left.
  int neighbor(int cell, int direction) const {
    return cell + (direction == 0   ? -side
                   : direction == 1 ? 1
                   : direction == 2 ? side
                                    : -1);
  }
};

inline int opposite(int direction) { return (direction + 2) % 4; }

// The player and the boxes.
struct SokobanState {
  static constexpr uint8_t kNoBox = 255;
  // Cells in ascending order; unused elements are kNoBox.
  std::array<uint8_t, kMaxBoxes> boxes = {kNoBox, kNoBox, kNoBox, kNoBox};
  uint8_t player = 0;

  bool has_box(int cell) const {
    return std::ranges::find(boxes, cell) != boxes.end();
  }
  void move_box(int from, int to) {
    *std::ranges::find(boxes, from) = static_cast<uint8_t>(to);
    std::ranges::sort(boxes);
  }
  void add_box(int cell) { move_box(kNoBox, cell); }
  bool operator==(const SokobanState&) const = default;
};

// Moves the player in a direction, and the box that it pushes. Has no effect if
// a wall or a second box is in the way.
void move_player(const Room& room, SokobanState& state, int direction);

int count_boxes_on_targets(const Room& room, const SokobanState& state);
bool is_solved(const Room& room, const SokobanState& state);

// The lengths of shortest walks of the player to all cells, without pushing.
struct Walks {
  static constexpr uint8_t kUnreachable = 255;
  std::array<uint8_t, kMaxRoomCells> length;
  bool can_reach(int cell) const { return length[cell] != kUnreachable; }
};
Walks find_walks(const Room& room, const SokobanState& state);

}  // namespace gato::env::puzzle
