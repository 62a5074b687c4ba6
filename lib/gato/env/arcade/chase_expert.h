// The expert of arcade/chase.
#pragma once

#include <array>
#include <vector>

#include "gato/env/arcade/chase_maze.h"

namespace gato::env {

// A ghost pauses in every third step. If it has a choice, it approaches the
// player with probability kPursuit, and otherwise turns in a random direction.
// It never turns back.
struct ChaseGhost {
  static constexpr double kPursuit = 0.5;
  // Returns whether ghosts pause in the step that begins after `step` steps.
  static bool pauses(int64_t step) { return step % 3 == 2; }
  int block = 0, direction = 0;
};

// The player's view.
struct ChaseView {
  const ChaseMaze& maze;
  int64_t step = 0;  // steps taken
  int player = 0;    // a block
  std::vector<ChaseGhost> ghosts;
  std::vector<int> pellets;  // blocks
};

// Returns a mask of the directions that a ghost can take next.
uint32_t ghost_choices(const ChaseMaze& maze, const ChaseGhost& ghost);
// Returns the one of these directions that brings the ghost nearest to the
// player in a straight line.
int pursuing_choice(const ChaseMaze& maze, const ChaseGhost& ghost, int player);

// Returns the direction in which the expert moves.
int choose_chase_move(const ChaseView& view);

}  // namespace gato::env
