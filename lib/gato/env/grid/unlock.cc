// grid/unlock, grid/unlock-pickup: doors that need the key of their color.
//
// unlock: a room of 5 x 5 cells has a locked door in each wall. It contains the
// keys of two of the doors and 2 other objects. "unlock the purple door" names
// a door that has a key; it is fulfilled when the door is open. Time limit: 64
// steps.
//
// unlock-pickup: two rooms of 4 x 4 cells with a locked door between them. One
// contains the agent, the key and another object, the other one 2 objects.
// "pick up the red box" names one of the latter; it is fulfilled when the agent
// carries it. Time limit: 96 steps.
//
// Observation, action, reward and expert: grid_environment.h.
#include "gato/env/grid/grid_environment.h"
#include "gato/env/grid/grid_tasks.h"
#include "gato/env/grid/grid_tiles.h"

namespace gato::env::grid {
namespace {

std::optional<Level> make_unlock_level(base::RandomStream& random) {
  Level level{.world = World({.room_size = 5, .has_outer_doors = true}, random),
              .mission = {{.verb = Verb::unlock}}};
  World& world = level.world;
  const int door_count = static_cast<int>(world.doors().size());
  for (int door = 0; door < door_count; ++door) {
    world.set_door_state(door, DoorState::locked);
  }
  const int target = static_cast<int>(random.uniform_int(door_count));
  const int other = static_cast<int>(
      (target + 1 + random.uniform_int(door_count - 1)) % door_count);
  level.mission[0].target = target;
  const std::vector<Kind> kinds =
      random_kinds(4, random,
                   {{world.doors()[target].color, kKey},
                    {world.doors()[other].color, kKey}});
  if (!try_add_objects(world, kinds, -1, random)) {
    return std::nullopt;
  }
  world.place_agent(-1, random);
  return level;
}

std::optional<Level> make_unlock_pickup_level(base::RandomStream& random) {
  Level level{.world = World({.columns = 2, .rows = 1, .room_size = 4}, random),
              .mission = {{.verb = Verb::pick_up, .target = 2}}};
  World& world = level.world;
  world.set_door_state(0, DoorState::locked);
  const int room = static_cast<int>(random.uniform_int(2));
  const std::vector<Kind> kinds =
      random_kinds(4, random, {{world.doors()[0].color, kKey}});
  const std::span all = kinds;
  if (!try_add_objects(world, all.first(2), room, random) ||
      !try_add_objects(world, all.last(2), 1 - room, random)) {
    return std::nullopt;
  }
  world.place_agent(room, random);
  return level;
}

}  // namespace

std::unique_ptr<Environment> make_unlock() {
  return make_grid_environment("grid/unlock", 64, make_unlock_level);
}

std::unique_ptr<Environment> make_unlock_pickup() {
  return make_grid_environment("grid/unlock-pickup", 96,
                               make_unlock_pickup_level);
}

}  // namespace gato::env::grid
