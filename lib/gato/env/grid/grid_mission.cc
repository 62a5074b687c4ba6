#include "gato/env/grid/grid_mission.h"

#include "gato/env/grid/grid_tiles.h"

namespace gato::env::grid {
namespace {

bool names_door(Verb verb) {
  return verb == Verb::go_to_door || verb == Verb::open || verb == Verb::unlock;
}

std::string describe_object(const World& world, int object) {
  const Kind kind = world.objects()[object].kind;
  return std::string(kColors[kind.color].name) + " " +
         std::string(kShapes[kind.shape].name);
}

std::string describe_clause(const World& world,
                            const Instruction& instruction) {
  const int target = instruction.target;
  const std::string name =
      names_door(instruction.verb)
          ? std::string(kColors[world.doors()[target].color].name) + " door"
          : describe_object(world, target);
  switch (instruction.verb) {
    case Verb::go_to_object:
    case Verb::go_to_door:
      return "go to the " + name;
    case Verb::pick_up:
      return "pick up the " + name;
    case Verb::open:
      return "open the " + name;
    case Verb::unlock:
      return "unlock the " + name;
    case Verb::put_next:
      break;
  }
  return "put the " + name + " next to the " +
         describe_object(world, instruction.other);
}

}  // namespace

std::string describe(const World& world, std::span<const Instruction> mission) {
  std::string text;
  for (const Instruction& instruction : mission) {
    text +=
        (text.empty() ? "" : ", then ") + describe_clause(world, instruction);
  }
  return text;
}

bool is_fulfilled(const World& world, const Instruction& instruction) {
  const Cell ahead = cell_ahead(world.agent());
  const int target = instruction.target;
  switch (instruction.verb) {
    case Verb::go_to_object:
      return world.object_at(ahead) == target;
    case Verb::go_to_door:
      return world.door_at(ahead) == target;
    case Verb::pick_up:
      return world.carried_object() == target;
    case Verb::open:
    case Verb::unlock:
      return world.doors()[target].state == DoorState::open;
    case Verb::put_next:
      break;
  }
  return world.carried_object() != target &&
         world.carried_object() != instruction.other &&
         are_adjacent(world.objects()[target].cell,
                      world.objects()[instruction.other].cell);
}

std::vector<Cell> named_cells(const World& world,
                              const Instruction& instruction) {
  if (names_door(instruction.verb)) {
    return {world.doors()[instruction.target].cell};
  }
  std::vector<Cell> cells;
  auto add = [&](int object) {
    if (world.carried_object() != object) {
      cells.push_back(world.objects()[object].cell);
    }
  };
  add(instruction.target);
  if (instruction.verb == Verb::put_next) {
    add(instruction.other);
  }
  return cells;
}

}  // namespace gato::env::grid
