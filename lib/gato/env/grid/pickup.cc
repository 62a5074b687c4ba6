// grid/pickup, grid/pickup-rooms: "pick up the green box".
//
// pickup has one room of 5 x 5 cells, pickup-rooms two rooms of 4 x 4 cells
// with a closed door between them. Both contain 4 objects. The mission names
// one of them; it is fulfilled when the agent carries it. Time limits: 48 and
// 64 steps.
//
// Observation, action, reward and expert: grid_environment.h.
#include "gato/env/grid/grid_environment.h"
#include "gato/env/grid/grid_tasks.h"

namespace gato::env::grid {
namespace {

const Mission kMission = {{.verb = Verb::pick_up, .target = 0}};

}  // namespace

std::unique_ptr<Environment> make_pickup() {
  return make_grid_environment(
      "grid/pickup", 48, levels_with_objects({.room_size = 5}, 4, kMission));
}

std::unique_ptr<Environment> make_pickup_rooms() {
  return make_grid_environment(
      "grid/pickup-rooms", 64,
      levels_with_objects({.columns = 2, .rows = 1, .room_size = 4}, 4,
                          kMission));
}

}  // namespace gato::env::grid
