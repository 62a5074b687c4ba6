// Finds short solutions of Sokoban positions.
#pragma once

#include <optional>
#include <vector>

#include "gato/env/puzzle/sokoban_board.h"

namespace gato::env::puzzle {

// The player walks to the cell behind the box and steps in `direction`.
struct Push {
  int box = 0;  // the cell of the box before the push
  int direction = 0;
  bool operator==(const Push&) const = default;
};

struct SokobanSearch {
  // The pushes that bring all boxes to targets; nullopt if no solution was
  // found.
  std::optional<std::vector<Push>> pushes;
  // True if the result is proven: no solution needs fewer moves or, without
  // `pushes`, there is none.
  bool is_proven = false;
  int expanded_states = 0;
};

// Searches until a solution is found or `max_states` states have been expanded.
// The solution has at most `weight` times the fewest moves (walks and pushes).
// A weight of 1 finds a shortest one, and a larger weight finds one faster.
SokobanSearch solve_sokoban(const Room& room, const SokobanState& start,
                            double weight, int max_states);

// Returns whether the box can no longer get to a target, either because of the
// walls alone or because it is part of a block of 2 x 2 walls and boxes.
// Incomplete: a false result proves nothing.
bool is_lost(const Room& room, const SokobanState& state, int box);

}  // namespace gato::env::puzzle
