// The bot decides from scratch in every step, so it recovers from any action
// that was not its own. Its stack of subgoals is the call stack: to pick up an
// object it approaches it; if the route is cut by a locked door, it fetches the
// key and unlocks the door first; if what it looks for has not been seen, it
// explores. Only clearing away an object that blocks the route must be
// remembered: otherwise the bot would drop what it carries, pick up the
// obstacle, drop it to carry on, and so forth.
#include "gato/env/grid/grid_bot.h"

#include <algorithm>
#include <optional>

#include "gato/env/grid/grid_tiles.h"

namespace gato::env::grid {
namespace {

// The bot prefers to walk to a known goal. When it looks around, it prefers to
// turn left.
constexpr std::array<int, 3> kWalkFirst = {kForward, kTurnLeft, kTurnRight},
                             kTurnFirst = {kTurnLeft, kTurnRight, kForward};

auto is_facing(Cell cell) {
  return [cell](const Pose& pose) { return cell_ahead(pose) == cell; };
}

}  // namespace

void Bot::reset() {
  seen_.reset();
  obstacle_ = -1;
}

void Bot::see(const World& world, const VisibleCells& visible) {
  visible.for_each(world.agent(), [&](Cell cell, Cell) {
    if (world.contains(cell)) {
      seen_.set(World::cell_index(cell));
    }
  });
}

int Bot::choose_action(const World& world, const Instruction& instruction) {
  if (obstacle_ >= 0 && world.carried_object() != obstacle_ &&
      world.objects()[obstacle_].cell != obstacle_cell_) {
    obstacle_ = -1;  // has been cleared away
  }
  return obstacle_ >= 0 ? clear_obstacle(world) : pursue(world, instruction);
}

int Bot::pursue(const World& world, const Instruction& instruction) {
  const int target = instruction.target;
  switch (instruction.verb) {
    case Verb::go_to_object:
      // The action at the end does not matter: facing the object is enough.
      if (world.carried_object() == target) {
        return put_down(world);
      }
      return has_seen_object(world, target)
                 ? approach_cell(world, world.objects()[target].cell, kToggle)
                 : explore(world);
    case Verb::pick_up:
      return fetch(world, target);
    case Verb::go_to_door:
    case Verb::open:
    case Verb::unlock: {
      const Door& door = world.doors()[target];
      if (!has_seen(door.cell)) {
        return explore(world);
      }
      return instruction.verb != Verb::go_to_door &&
                     door.state == DoorState::locked
                 ? unlock(world, target)
                 : approach_cell(world, door.cell, kToggle);
    }
    case Verb::put_next:
      break;
  }
  return put_next(world, instruction);
}

int Bot::put_next(const World& world, const Instruction& instruction) {
  const int carried = world.carried_object();
  if (carried != instruction.target && carried != instruction.other) {
    return fetch(world, instruction.target);
  }
  const int other =
      carried == instruction.target ? instruction.other : instruction.target;
  if (!has_seen_object(world, other)) {
    return explore(world);
  }
  const Cell cell = world.objects()[other].cell;
  for (int direction = 0; direction < 4; ++direction) {
    if (const Cell beside = neighbor(cell, direction);
        world.is_empty_floor(beside)) {
      return approach(world, kDrop, [&](const Pose& pose) {
        const Cell ahead = cell_ahead(pose);
        return are_adjacent(ahead, cell) && world.is_empty_floor(ahead) &&
               has_seen(ahead);
      });
    }
  }
  // All its neighbors are occupied, which happens only with random actions.
  for (int direction = 0; direction < 4; ++direction) {
    if (const int object = world.object_at(neighbor(cell, direction));
        object >= 0) {
      return begin_clearing(world, object);
    }
  }
  return explore(world);
}

int Bot::approach_cell(const World& world, Cell cell, int action) {
  return approach(world, action, is_facing(cell));
}

int Bot::approach(const World& world, int action,
                  const PosePredicate& is_goal) {
  const std::optional<Route> route =
      find_route(world, seen_, Obstacles::allowed, kWalkFirst, is_goal);
  return route ? follow(world, *route, action) : explore(world);
}

int Bot::follow(const World& world, const Route& route, int final_action) {
  if (route.first_action < 0) {
    return final_action;
  }
  if (route.locked_door >= 0 &&
      !world.is_carried_key_of(world.doors()[route.locked_door])) {
    return unlock(world, route.locked_door);
  }
  const Cell ahead = cell_ahead(world.agent());
  if (route.first_action == kForward) {
    if (world.door_at(ahead) >= 0 && !world.is_open_door(ahead)) {
      return kToggle;
    }
    if (const int object = world.object_at(ahead); object >= 0) {
      return begin_clearing(world, object);
    }
  }
  return route.first_action;
}

int Bot::fetch(const World& world, int object) {
  if (!has_seen_object(world, object)) {
    return explore(world);
  }
  const Cell cell = world.objects()[object].cell;
  if (world.carried_object() < 0) {
    return approach_cell(world, cell, kPickUp);
  }
  // A key is kept while it is needed on the way.
  const std::optional<Route> route =
      find_route(world, seen_, Obstacles::allowed, kWalkFirst, is_facing(cell));
  return route && route->locked_door >= 0 &&
                 world.is_carried_key_of(world.doors()[route->locked_door])
             ? follow(world, *route, kPickUp)
             : put_down(world);
}

int Bot::unlock(const World& world, int door) {
  return world.is_carried_key_of(world.doors()[door])
             ? approach_cell(world, world.doors()[door].cell, kToggle)
             : fetch(world,
                     world.find_object({world.doors()[door].color, kKey}));
}

int Bot::put_down(const World& world) {
  auto can_drop_ahead = [&](const Pose& pose) {
    const Cell cell = cell_ahead(pose);
    return world.is_empty_floor(cell) && has_seen(cell) &&
           (obstacle_ < 0 || cell != obstacle_cell_);
  };
  // If the object touches neither another object nor a door, all free cells of
  // the room stay connected.
  auto is_harmless = [&](const Pose& pose) {
    return can_drop_ahead(pose) && !world.touches_object(cell_ahead(pose)) &&
           !world.is_next_to_door(cell_ahead(pose));
  };
  // A route through obstacles would require empty hands.
  std::optional<Route> route =
      find_route(world, seen_, Obstacles::avoided, kWalkFirst, is_harmless);
  if (!route) {
    route = find_route(world, seen_, Obstacles::avoided, kWalkFirst,
                       can_drop_ahead);
  }
  return route ? follow(world, *route, kDrop) : kTurnLeft;
}

int Bot::begin_clearing(const World& world, int object) {
  obstacle_ = object;
  obstacle_cell_ = world.objects()[object].cell;
  return clear_obstacle(world);
}

int Bot::clear_obstacle(const World& world) {
  return world.carried_object() == obstacle_ ? put_down(world)
                                             : fetch(world, obstacle_);
}

int Bot::explore(const World& world) {
  auto is_transparent = [&](Cell cell) {
    return world.contains(cell) && has_seen(cell) && world.is_transparent(cell);
  };
  auto shows_news = [&](const Pose& pose) {
    bool has_news = false;
    find_visible_cells(pose, is_transparent)
        .for_each(pose, [&](Cell cell, Cell) {
          has_news |= world.contains(cell) && !has_seen(cell) &&
                      is_interesting(world, cell);
        });
    return has_news;
  };
  const std::optional<Route> route =
      find_route(world, seen_, Obstacles::allowed, kTurnFirst, shows_news);
  return route ? follow(world, *route, kTurnLeft) : kTurnLeft;
}

bool Bot::has_seen_object(const World& world, int object) const {
  return world.carried_object() == object ||
         has_seen(world.objects()[object].cell);
}

bool Bot::is_interesting(const World& world, Cell cell) const {
  if (world.is_floor(cell)) {
    return true;
  }
  const int door = world.door_of_wall(cell);
  return door >= 0 && !has_seen(world.doors()[door].cell);
}

}  // namespace gato::env::grid
