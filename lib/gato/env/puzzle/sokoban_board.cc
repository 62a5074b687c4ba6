#include "gato/env/puzzle/sokoban_board.h"

namespace gato::env::puzzle {

void move_player(const Room& room, SokobanState& state, int direction) {
  const int ahead = room.neighbor(state.player, direction);
  if (room.is_wall[ahead]) {
    return;
  }
  if (state.has_box(ahead)) {
    const int beyond = room.neighbor(ahead, direction);
    if (room.is_wall[beyond] || state.has_box(beyond)) {
      return;
    }
    state.move_box(ahead, beyond);
  }
  state.player = static_cast<uint8_t>(ahead);
}

int count_boxes_on_targets(const Room& room, const SokobanState& state) {
  return static_cast<int>(
      std::ranges::count_if(state.boxes, [&room](uint8_t box) {
        return box != SokobanState::kNoBox && room.is_target[box];
      }));
}

bool is_solved(const Room& room, const SokobanState& state) {
  return std::ranges::all_of(state.boxes, [&room](uint8_t box) {
    return box == SokobanState::kNoBox || room.is_target[box];
  });
}

Walks find_walks(const Room& room, const SokobanState& state) {
  std::array<bool, kMaxRoomCells> is_blocked = room.is_wall;
  for (const uint8_t box : state.boxes) {
    if (box != SokobanState::kNoBox) {
      is_blocked[box] = true;
    }
  }
  Walks walks;
  walks.length.fill(Walks::kUnreachable);
  walks.length[state.player] = 0;
  // Breadth-first search.
  std::array<uint8_t, kMaxRoomCells> queue;
  queue[0] = state.player;
  for (int begin = 0, end = 1; begin != end; ++begin) {
    const int cell = queue[begin];
    for (int direction = 0; direction < 4; ++direction) {
      const int next = room.neighbor(cell, direction);
      if (!is_blocked[next] && !walks.can_reach(next)) {
        walks.length[next] = static_cast<uint8_t>(walks.length[cell] + 1);
        queue[end++] = static_cast<uint8_t>(next);
      }
    }
  }
  return walks;
}

}  // namespace gato::env::puzzle
