#include "gato/env/puzzle/sokoban_expert.h"

#include <optional>
#include <utility>

namespace gato::env::puzzle {
namespace {

// Searches from exact to fast; each one runs if the previous one has failed.
struct SearchEffort {
  double weight = 1;
  int max_states = 0;
};
constexpr SearchEffort kSearches[] = {{1, 1000}, {2, 10000}, {5, 30000}};

// Returns the pushes of a short solution, nullopt if none was found.
std::optional<std::vector<Push>> find_solution(const Room& room,
                                               const SokobanState& state) {
  for (const SearchEffort& effort : kSearches) {
    SokobanSearch search =
        solve_sokoban(room, state, effort.weight, effort.max_states);
    if (search.pushes || search.is_proven) {
      return std::move(search.pushes);
    }
  }
  return std::nullopt;
}

// Turns boxes that can no longer get to a target into walls, until none is
// left.
void wall_in_lost_boxes(Room& room, SokobanState& state) {
  for (bool has_changed = true; has_changed;) {
    has_changed = false;
    for (const uint8_t box : SokobanState(state).boxes) {
      if (box != SokobanState::kNoBox && is_lost(room, state, box)) {
        room.is_wall[box] = true;
        room.is_target[box] = false;
        state.move_box(box, SokobanState::kNoBox);
        has_changed = true;
      }
    }
  }
}

// Returns a direction in which nothing moves, or else one without a box.
int find_idle_direction(const Room& room, const SokobanState& state) {
  int idle = 0;
  for (int direction = 0; direction < 4; ++direction) {
    const int ahead = room.neighbor(state.player, direction);
    SokobanState next = state;
    move_player(room, next, direction);
    if (next == state) {
      return direction;
    }
    if (!state.has_box(ahead)) {
      idle = direction;
    }
  }
  return idle;
}

// Returns the first step of a shortest walk to `cell`, which can be reached.
int first_step(const Room& room, const SokobanState& state, int cell) {
  SokobanState end = state;
  end.player = static_cast<uint8_t>(cell);
  const Walks walks = find_walks(room, end);
  for (int direction = 0; direction < 4; ++direction) {
    const int next = room.neighbor(state.player, direction);
    if (walks.can_reach(next) &&
        walks.length[next] < walks.length[state.player]) {
      return direction;
    }
  }
  return 0;
}

}  // namespace

void SokobanExpert::reset() {
  pushes_.clear();
  states_.clear();
  is_unsolvable_ = false;
}

int SokobanExpert::choose_action(const Room& room, const SokobanState& state) {
  if (!follows_plan(room, state)) {
    make_plan(room, state);
  }
  if (next_push_ == pushes_.size()) {
    return find_idle_direction(room, state);
  }
  const Push& push = pushes_[next_push_];
  const int behind = room.neighbor(push.box, opposite(push.direction));
  return state.player == behind ? push.direction
                                : first_step(room, state, behind);
}

bool SokobanExpert::follows_plan(const Room& room, const SokobanState& state) {
  for (size_t i = next_push_; i < states_.size() && i <= next_push_ + 1; ++i) {
    if (states_[i].boxes != state.boxes) {
      continue;
    }
    next_push_ = i;
    return i == pushes_.size() ||
           find_walks(room, state)
               .can_reach(room.neighbor(pushes_[i].box,
                                        opposite(pushes_[i].direction)));
  }
  return false;
}

void SokobanExpert::make_plan(const Room& room, const SokobanState& state) {
  if (!is_unsolvable_) {
    if (auto pushes = find_solution(room, state)) {
      set_plan(room, state, std::move(*pushes));
      return;
    }
    is_unsolvable_ = true;
  }
  Room rest = room;
  SokobanState state_of_rest = state;
  wall_in_lost_boxes(rest, state_of_rest);
  set_plan(room, state,
           find_solution(rest, state_of_rest).value_or(std::vector<Push>()));
}

void SokobanExpert::set_plan(const Room& room, const SokobanState& start,
                             std::vector<Push> pushes) {
  pushes_ = std::move(pushes);
  next_push_ = 0;
  states_ = {start};
  for (const Push& push : pushes_) {
    SokobanState next = states_.back();
    next.move_box(push.box, room.neighbor(push.box, push.direction));
    next.player = static_cast<uint8_t>(push.box);
    states_.push_back(next);
  }
}

}  // namespace gato::env::puzzle
