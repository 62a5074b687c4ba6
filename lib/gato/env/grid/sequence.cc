// grid/sequence: "go to the red ball, then pick up the blue key".
//
// A room of 5 x 5 cells contains 4 objects. The mission names two of them and
// says for each whether to go to it or to pick it up. The second instruction
// counts only after the first one is fulfilled; the mission is then reduced to
// it. Time limit: 64 steps.
//
// Observation, action, reward and expert: grid_environment.h.
#include "gato/env/grid/grid_environment.h"
#include "gato/env/grid/grid_tasks.h"

namespace gato::env::grid {
namespace {

std::optional<Level> make_level(base::RandomStream& random) {
  auto random_verb = [&random] {
    return random.uniform_int(2) == 0 ? Verb::go_to_object : Verb::pick_up;
  };
  const Mission mission = {{.verb = random_verb(), .target = 0},
                           {.verb = random_verb(), .target = 1}};
  return levels_with_objects({.room_size = 5}, 4, mission)(random);
}

}  // namespace

std::unique_ptr<Environment> make_sequence() {
  return make_grid_environment("grid/sequence", 64, make_level);
}

}  // namespace gato::env::grid
