// maze/goal: find the beacon in a labyrinth.
//
// The labyrinth has 6 x 6 cells and some loops. A beacon, three cells high and
// visible above the walls, is at least 4 cells from the start along the
// shortest path. maze_environment.h has the movement, the observation and the
// expert.
//
// Reward: 1 - 0.9 t/100 when the beacon is touched in step t, which ends the
// episode with success; otherwise 0. Time limit: 100 steps.
// The expert's path is the shortest, up to a few steps for not sliding along
// walls, so its return is nearly the maximum.
#include "gato/env/maze/maze_environment.h"
#include "gato/env/maze/maze_tasks.h"

namespace gato::env {
namespace {

constexpr int kCells = 6, kMinDistance = 4, kMaxEpisodeSteps = 100;
constexpr double kLoops = 0.3;
constexpr Color kBeaconColor = {255, 40, 40};

class MazeGoal : public MazeEnvironment {
 public:
  MazeGoal() : MazeEnvironment("maze/goal", Mission::none, kMaxEpisodeSteps) {}

 private:
  int furnish(base::RandomStream& random) override {
    scene().labyrinth = Labyrinth::sample(kCells, kCells, kLoops, random);
    std::vector<Labyrinth::Cell> cells;  // of the agent and the beacon
    do {
      cells = sample_cells(2, random);
    } while (scene().labyrinth.distance(cells[0], cells[1]) < kMinDistance);
    place_agent(cells[0]);
    add_thing(kBeaconSprite, kBeaconColor, cells[1]);
    return 1;
  }

  void touch(const MazeThing&, Transition& transition) override {
    transition.reward = reward_for_success();
    transition.terminated = true;
    transition.info["success"] = 1;
  }
};

}  // namespace

std::unique_ptr<Environment> make_maze_goal() {
  return std::make_unique<MazeGoal>();
}

}  // namespace gato::env
