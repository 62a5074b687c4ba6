// grid/boss: one or two instructions of any kind, in four rooms.
//
// Four rooms of 4 x 4 cells form a square. Each pair of neighbors is connected
// by a door; one door is locked, the others are closed, so that every room can
// be reached without the key. There are 7 objects: the key of the locked door
// and 6 others. A mission has one or two instructions of any kind (unlock names
// the locked door, open a closed one). Modeled on BabyAI's BossLevel. Time
// limit: 192 steps.
//
// Observation, action, reward and expert: grid_environment.h.
#include "gato/env/grid/grid_environment.h"
#include "gato/env/grid/grid_tasks.h"
#include "gato/env/grid/grid_tiles.h"

namespace gato::env::grid {
namespace {

constexpr Verb kVerbs[] = {Verb::go_to_object, Verb::go_to_door,
                           Verb::pick_up,      Verb::open,
                           Verb::unlock,       Verb::put_next};
constexpr int kObjectCount = 7;

// Object `first_object` and the next one are those that the instruction may
// name. Door 0 is locked.
Instruction random_instruction(int first_object, int door_count,
                               base::RandomStream& random) {
  Instruction instruction = {
      .verb = kVerbs[random.uniform_int(std::size(kVerbs))],
      .target = first_object,
      .other = first_object + 1};
  if (instruction.verb == Verb::unlock) {
    instruction.target = 0;
  } else if (instruction.verb == Verb::open ||
             instruction.verb == Verb::go_to_door) {
    instruction.target =
        1 + static_cast<int>(random.uniform_int(door_count - 1));
  }
  return instruction;
}

std::optional<Level> make_level(base::RandomStream& random) {
  Level level{.world = World({.columns = 2, .rows = 2, .room_size = 4}, random),
              .mission = {}};
  World& world = level.world;
  world.set_door_state(0, DoorState::locked);
  // Object 0 is the key. Each instruction names other objects.
  const std::vector<Kind> kinds =
      random_kinds(kObjectCount, random, {{world.doors()[0].color, kKey}});
  if (!try_add_objects(world, kinds, -1, random)) {
    return std::nullopt;
  }
  world.place_agent(-1, random);
  const int instruction_count = 1 + static_cast<int>(random.uniform_int(2));
  for (int i = 0; i < instruction_count; ++i) {
    level.mission.push_back(random_instruction(
        1 + 2 * i, static_cast<int>(world.doors().size()), random));
  }
  return level;
}

}  // namespace

std::unique_ptr<Environment> make_boss() {
  return make_grid_environment("grid/boss", 192, make_level);
}

}  // namespace gato::env::grid
