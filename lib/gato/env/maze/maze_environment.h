// The base class of the mazes: an agent sees its surroundings from its own
// perspective, moves through a labyrinth and touches things.
//
// Cells are 1 x 1. The agent is on a grid of quarters of a cell and has one of
// 8 headings; it moves forward by one step of this grid, or turns by 45
// degrees. It slides along walls that it meets diagonally. It touches a thing,
// which is in the middle of a cell and does not block the way, if both of its
// coordinates are within a quarter of a cell; then the thing disappears.
//
// Observation: the view, uint8 [48, 48, 3], 90 degrees wide (ray_caster.h). The
// bricks have a different color in each quarter of the maze, and random posters
// hang on the walls. Tasks with a mission have the fields "image" and "mission"
// instead of "observation".
// Action: 0 forward, 1 turn left, 2 turn right.
//
// Expert: takes the shortest path in the graph of all poses (Dijkstra 1959) to
// the targets, in the best order (maze_tour.h), around the things to avoid. It
// turns rather than slides along a wall, even if that takes a step longer, so
// that it sees where it goes. It knows the labyrinth, which the agent does not
// see from above. So that an agent can do nearly the same from what it sees,
// labyrinths are small, have loops, and targets are tall enough to be seen
// above the walls: walking toward them, and around walls in between, is nearly
// optimal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gato/env/builtin_environment.h"
#include "gato/env/maze/maze_scene.h"
#include "gato/env/maze/maze_tour.h"

namespace gato::env {

class MazeEnvironment : public BuiltinEnvironment {
 protected:
  enum class Mission { none, text };
  MazeEnvironment(const std::string& name, Mission mission,
                  int max_episode_steps);

  // Samples the labyrinth, the agent's cell and the things: first the targets,
  // whose number it returns, and then those to avoid.
  virtual int furnish(base::RandomStream& random) = 0;
  // Adds the consequences of touching a thing.
  virtual void touch(const MazeThing& thing, Transition& transition) = 0;
  virtual std::string mission() const { return ""; }

  MazeScene& scene() { return scene_; }
  const MazeScene& scene() const { return scene_; }
  void place_agent(Labyrinth::Cell cell) {
    agent_.position = MazePosition::middle_of(cell);
  }
  void add_thing(const MazeSprite& sprite, Color color, Labyrinth::Cell cell) {
    scene_.things.push_back({&sprite, color, MazePosition::middle_of(cell)});
  }
  // Returns whether every target has been touched.
  bool has_found_all() const { return wanted_left() == 0; }
  // Returns `count` different cells of the labyrinth in random order.
  std::vector<Labyrinth::Cell> sample_cells(int count,
                                            base::RandomStream& random) const;
  // Returns the reward for success in this step: from 1, falling linearly with
  // the time to 0.1 at the time limit.
  double reward_for_success() const;

 private:
  void reset_state(base::RandomStream random) override;
  data::FieldValues observe() const override;
  Transition apply_action(const BuiltinAction& action) override;
  BuiltinAction compute_expert_action() override;
  data::Image render_frame() const override;
  uint32_t wanted_left() const;  // bit i: thing i is wanted and present

  Mission mission_;
  MazeScene scene_;
  MazePose agent_;
  int wanted_count_ = 0;
  std::optional<MazeTour> tour_;  // the expert's, once it has been asked
};

}  // namespace gato::env
