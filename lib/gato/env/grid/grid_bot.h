// The expert of the grid worlds: a planner that pursues subgoals, such as
// fetching the key of a locked door, and explores what it has not seen. Modeled
// on the bot of BabyAI (Chevalier-Boisvert et al. 2019).
#pragma once

#include <functional>

#include "gato/env/grid/grid_mission.h"
#include "gato/env/grid/grid_route.h"
#include "gato/env/grid/grid_view.h"
#include "gato/env/grid/grid_world.h"

namespace gato::env::grid {

// Knows the walls of the world and which of them have a door, and remembers
// which cells it has seen since the last reset. It uses only the doors and
// objects in these cells (and, to drop an object, those next to them), so an
// agent with memory could do the same.
class Bot {
 public:
  // Forgets everything.
  void reset();
  // Must be called with the visible cells after the reset and after each step.
  void see(const World& world, const VisibleCells& visible);
  // Returns the action to take. The instruction must not be fulfilled yet.
  int choose_action(const World& world, const Instruction& instruction);

 private:
  using PosePredicate = std::function<bool(const Pose&)>;

  // Subgoals. Each returns the next action toward it.
  int pursue(const World& world, const Instruction& instruction);
  int put_next(const World& world, const Instruction& instruction);
  // Faces a cell that has been seen, then takes `action`.
  int approach_cell(const World& world, Cell cell, int action);
  // Takes `action` in the nearest pose that `is_goal` accepts; explores if no
  // such pose is within reach.
  int approach(const World& world, int action, const PosePredicate& is_goal);
  // Takes the first action of a route, after opening or clearing what is in the
  // way; `final_action` at its end.
  int follow(const World& world, const Route& route, int final_action);
  int fetch(const World& world, int object);
  int unlock(const World& world, int door);
  // Drops the carried object where it blocks nothing.
  int put_down(const World& world);
  // Carries the object `obstacle_` away.
  int clear_obstacle(const World& world);
  int begin_clearing(const World& world, int object);
  int explore(const World& world);

  bool has_seen(Cell cell) const { return seen_[World::cell_index(cell)]; }
  bool has_seen_object(const World& world, int object) const;
  // Returns whether the cell could contain an object or an unknown door.
  bool is_interesting(const World& world, Cell cell) const;

  CellSet seen_;
  // The object that is being cleared away and where it was, -1 if there is
  // none. All other subgoals follow from the state of the world.
  int obstacle_ = -1;
  Cell obstacle_cell_;
};

}  // namespace gato::env::grid
