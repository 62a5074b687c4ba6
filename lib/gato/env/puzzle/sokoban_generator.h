// Random Sokoban levels that can be solved.
#pragma once

#include "gato/base/random.h"
#include "gato/env/puzzle/sokoban_board.h"

namespace gato::env::puzzle {

struct SokobanLevel {
  Room room;
  SokobanState start;
};

// Returns a level whose room has inner_side x inner_side cells within its outer
// wall, with `box_count` boxes and targets. No box is on a target. The level is
// made by pulling the boxes away from the targets, so it can be solved by
// pushing them back.
SokobanLevel make_sokoban_level(int inner_side, int box_count,
                                base::RandomStream& random);

}  // namespace gato::env::puzzle
