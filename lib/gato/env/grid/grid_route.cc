// Dijkstra's algorithm on poses. There are at most 4 x 121.
#include "gato/env/grid/grid_route.h"

#include <algorithm>
#include <queue>
#include <tuple>
#include <vector>

namespace gato::env::grid {
namespace {

constexpr int kClearingCost = 8;
// More than any route without locked doors costs. If a key can be reached, the
// route to it therefore never leads through the door that it opens.
constexpr int kUnlockingCost = 100000;

struct Visit {
  int cost = 0;
  int order = 0;  // of insertion, to make the result deterministic
  Pose pose = {};
  Route route = {};
  // std::priority_queue returns the largest element first.
  bool operator<(const Visit& other) const {
    return std::tie(cost, order) > std::tie(other.cost, other.order);
  }
};

// Returns the cost of a step into a cell, -1 if it cannot be entered. Sets
// `locked_door`, if it is -1, to a locked door in the cell.
int step_cost(const World& world, Cell cell, Obstacles obstacles,
              int& locked_door) {
  if (const int door = world.door_at(cell); door >= 0) {
    switch (world.doors()[door].state) {
      case DoorState::open:
        return 1;
      case DoorState::closed:
        return 2;
      case DoorState::locked:
        break;
    }
    locked_door = locked_door < 0 ? door : locked_door;
    if (world.is_carried_key_of(world.doors()[door])) {
      return 2;
    }
    return obstacles == Obstacles::allowed ? kUnlockingCost : -1;
  }
  if (world.is_empty_floor(cell)) {
    return 1;
  }
  return world.is_floor(cell) && obstacles == Obstacles::allowed
             ? 1 + kClearingCost
             : -1;
}

}  // namespace

std::optional<Route> find_route(
    const World& world, const CellSet& seen, Obstacles obstacles,
    const std::array<int, 3>& preference,
    const std::function<bool(const Pose&)>& is_goal) {
  std::priority_queue<Visit> queue;
  std::array<bool, World::kMaxCells * 4> is_settled{};
  int order = 0;
  queue.push({.pose = world.agent()});
  while (!queue.empty()) {
    const Visit visit = queue.top();
    queue.pop();
    const Pose& pose = visit.pose;
    bool& settled =
        is_settled[World::cell_index(pose.cell) * 4 + pose.direction];
    if (settled) {
      continue;
    }
    settled = true;
    if (is_goal(pose)) {
      return visit.route;
    }
    for (const int action : preference) {
      Visit next = visit;
      if (action == kForward) {
        next.pose.cell = cell_ahead(pose);
        if (!world.contains(next.pose.cell) ||
            !seen[World::cell_index(next.pose.cell)]) {
          continue;
        }
        const int cost =
            step_cost(world, next.pose.cell, obstacles, next.route.locked_door);
        if (cost < 0) {
          continue;
        }
        next.cost += cost;
      } else {
        next.pose = turned(pose, action == kTurnLeft ? -1 : 1);
        ++next.cost;
      }
      if (next.route.first_action < 0) {
        next.route.first_action = action;
      }
      next.order = ++order;
      queue.push(next);
    }
  }
  return std::nullopt;
}

}  // namespace gato::env::grid
