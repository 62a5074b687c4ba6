// grid/goto-rooms, grid/goto-maze: "go to the red ball", in two or four rooms.
//
// goto-rooms has two rooms side by side and 4 objects, goto-maze four rooms in
// a square and 6 objects. Rooms have 4 x 4 cells; neighbors are connected by a
// closed door. The mission names one object; it is fulfilled when the object is
// right in front of the agent. Time limits: 64 and 128 steps.
//
// Observation, action, reward and expert: grid_environment.h.
#include "gato/env/grid/grid_environment.h"
#include "gato/env/grid/grid_tasks.h"

namespace gato::env::grid {
namespace {

const Mission kMission = {{.verb = Verb::go_to_object, .target = 0}};

}  // namespace

std::unique_ptr<Environment> make_goto_rooms() {
  return make_grid_environment(
      "grid/goto-rooms", 64,
      levels_with_objects({.columns = 2, .rows = 1, .room_size = 4}, 4,
                          kMission));
}

std::unique_ptr<Environment> make_goto_maze() {
  return make_grid_environment(
      "grid/goto-maze", 128,
      levels_with_objects({.columns = 2, .rows = 2, .room_size = 4}, 6,
                          kMission));
}

}  // namespace gato::env::grid
