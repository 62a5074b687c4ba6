// Cheapest routes of the agent through the part of a world that it has seen.
#pragma once

#include <array>
#include <bitset>
#include <functional>
#include <optional>

#include "gato/env/grid/grid_world.h"

namespace gato::env::grid {

// A set of World::cell_index.
using CellSet = std::bitset<World::kMaxCells>;

struct Route {
  // kTurnLeft, kTurnRight or kForward; -1 if the agent is at the goal. kForward
  // may lead into a door that is not open or into an object.
  int first_action = -1;
  // The first locked door on the route, -1 if there is none.
  int locked_door = -1;
};

enum class Obstacles { allowed, avoided };

// Returns the cheapest route from the agent's pose to one that `is_goal`
// accepts, nullopt if there is none. Only cells of `seen` are entered. A turn
// or step costs 1, a closed door 1 more, and an object in the way, which must
// be cleared away, 8 more. A door without its key is passed only if there is no
// other route. With Obstacles::avoided, neither objects nor doors without their
// keys are passed. Among routes of equal cost, returns the one whose actions
// come earlier in `preference`.
std::optional<Route> find_route(
    const World& world, const CellSet& seen, Obstacles obstacles,
    const std::array<int, 3>& preference,
    const std::function<bool(const Pose&)>& is_goal);

}  // namespace gato::env::grid
