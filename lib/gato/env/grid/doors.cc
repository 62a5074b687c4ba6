// grid/goto-door, grid/open: "go to the red door", "open the red door".
//
// A room of 5 x 5 cells has a closed door in each of its four walls, in four
// colors, and contains 2 objects. The mission names a door. It is fulfilled
// when the door is right in front of the agent (goto-door) or open (open). Time
// limit: 48 steps.
//
// State, observation, action, reward and expert: grid_environment.h.
#include "gato/env/grid/grid_environment.h"
#include "gato/env/grid/grid_tasks.h"

namespace gato::env::grid {
namespace {

std::unique_ptr<Environment> make_door_task(const std::string& name,
                                            Verb verb) {
  auto make_level = [verb](base::RandomStream& random) -> std::optional<Level> {
    const Layout layout = {.room_size = 5, .has_outer_doors = true};
    Level level{.world = World(layout, random), .mission = {{.verb = verb}}};
    level.mission[0].target =
        static_cast<int>(random.uniform_int(level.world.doors().size()));
    if (!try_add_objects(level.world, random_kinds(2, random), -1, random)) {
      return std::nullopt;
    }
    level.world.place_agent(-1, random);
    return level;
  };
  return make_grid_environment(name, 48, make_level);
}

}  // namespace

std::unique_ptr<Environment> make_goto_door() {
  return make_door_task("grid/goto-door", Verb::go_to_door);
}

std::unique_ptr<Environment> make_open() {
  return make_door_task("grid/open", Verb::open);
}

}  // namespace gato::env::grid
