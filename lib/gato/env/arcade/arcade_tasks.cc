// The domain arcade/: pixel games on a screen.
#include "gato/env/arcade/arcade_tasks.h"

#include "gato/env/builtin_environment.h"

namespace gato::env {

std::vector<BuiltinTask> arcade_tasks() {
  return {
      {"arcade/breakout", "destroy bricks with a ball and a paddle",
       make_breakout},
      {"arcade/catch", "catch falling balls with a paddle", make_catch},
      {"arcade/chase", "eat the pellets of a maze, chased by ghosts",
       make_chase},
      {"arcade/climber", "climb from platform to platform to a coin",
       make_climber},
      {"arcade/coin-run", "run and jump over gaps and dangers to a coin",
       make_coin_run},
      {"arcade/freeway", "cross a road with many lanes of traffic",
       make_freeway},
      {"arcade/pong", "play table tennis against an opponent", make_pong},
  };
}

}  // namespace gato::env
