// The domain puzzle/: puzzles that are solved by search.
#include "gato/env/puzzle/puzzle_tasks.h"

#include "gato/env/builtin_environment.h"

namespace gato::env {

std::vector<BuiltinTask> puzzle_tasks() {
  return {
      {"puzzle/lights-out-4x4", "switch 16 lights off, each with its neighbors",
       puzzle::make_lights_out_4x4},
      {"puzzle/lights-out-5x5", "switch 25 lights off, each with its neighbors",
       puzzle::make_lights_out_5x5},
      {"puzzle/sliding-8", "slide eight tiles into order",
       puzzle::make_sliding_8},
      {"puzzle/sokoban-5x5", "push a box onto a target",
       puzzle::make_sokoban_5x5},
      {"puzzle/sokoban-7x7", "push two boxes onto targets",
       puzzle::make_sokoban_7x7},
      {"puzzle/sokoban-10x10", "push four boxes onto targets",
       puzzle::make_sokoban_10x10},
  };
}

}  // namespace gato::env
