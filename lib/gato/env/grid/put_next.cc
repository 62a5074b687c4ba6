// grid/put-next, grid/put-next-rooms: "put the green key next to the yellow
// box".
//
// put-next has one room of 5 x 5 cells, put-next-rooms two rooms of 4 x 4 cells
// with a closed door between them. Both contain 4 objects. The mission names
// two of them; it is fulfilled when both are on the floor and share an edge, no
// matter which has been moved. Time limits: 64 and 96 steps.
//
// Observation, action, reward and expert: grid_environment.h.
#include "gato/env/grid/grid_environment.h"
#include "gato/env/grid/grid_tasks.h"

namespace gato::env::grid {
namespace {

const Mission kMission = {{.verb = Verb::put_next, .target = 0, .other = 1}};

}  // namespace

std::unique_ptr<Environment> make_put_next() {
  return make_grid_environment(
      "grid/put-next", 64, levels_with_objects({.room_size = 5}, 4, kMission));
}

std::unique_ptr<Environment> make_put_next_rooms() {
  return make_grid_environment(
      "grid/put-next-rooms", 96,
      levels_with_objects({.columns = 2, .rows = 1, .room_size = 4}, 4,
                          kMission));
}

}  // namespace gato::env::grid
