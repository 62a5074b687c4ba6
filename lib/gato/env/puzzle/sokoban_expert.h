// The expert of Sokoban.
#pragma once

#include <vector>

#include "gato/env/puzzle/sokoban_board.h"
#include "gato/env/puzzle/sokoban_solver.h"

namespace gato::env::puzzle {

// Follows a plan, and makes a new one if the boxes are not where it expects
// them. Once the level is unsolvable, pushes as many remaining boxes onto
// targets as possible, then stops.
class SokobanExpert {
 public:
  // Forgets the plan.
  void reset();
  // Returns the direction to move in.
  int choose_action(const Room& room, const SokobanState& state);

 private:
  // Returns whether `state` is on the plan, and if so sets next_push_.
  bool follows_plan(const Room& room, const SokobanState& state);
  void make_plan(const Room& room, const SokobanState& state);
  void set_plan(const Room& room, const SokobanState& start,
                std::vector<Push> pushes);

  std::vector<Push> pushes_;
  // states_[i] is the state before pushes_[i], and the last one that after the
  // last push.
  std::vector<SokobanState> states_;
  size_t next_push_ = 0;
  bool is_unsolvable_ = false;
};

}  // namespace gato::env::puzzle
