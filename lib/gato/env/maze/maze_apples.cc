// maze/apples: visit all apple trees of a labyrinth in a limited time.
//
// The labyrinth has 5 x 5 cells and many loops. The crowns of 6 apple trees are
// visible above the walls; a tree that is touched disappears.
// maze_environment.h has the movement, the observation and the expert.
//
// Reward: 1 per tree; at most 6. The episode ends with success when all trees
// have been touched. Time limit: 120 steps.
// The expert finds all trees in time, which is the maximum.
#include "gato/env/maze/maze_environment.h"
#include "gato/env/maze/maze_tasks.h"

namespace gato::env {
namespace {

constexpr int kCells = 5, kTreeCount = 6, kMaxEpisodeSteps = 120;
constexpr double kLoops = 0.4;
constexpr Color kAppleColor = {255, 30, 30};

class MazeApples : public MazeEnvironment {
 public:
  MazeApples()
      : MazeEnvironment("maze/apples", Mission::none, kMaxEpisodeSteps) {}

 private:
  int furnish(base::RandomStream& random) override {
    scene().labyrinth = Labyrinth::sample(kCells, kCells, kLoops, random);
    const auto cells = sample_cells(1 + kTreeCount, random);
    place_agent(cells[0]);
    for (int i = 1; i <= kTreeCount; ++i) {
      add_thing(kTreeSprite, kAppleColor, cells[i]);
    }
    return kTreeCount;
  }

  void touch(const MazeThing&, Transition& transition) override {
    transition.reward += 1;
    transition.terminated = has_found_all();
    transition.info["success"] = has_found_all() ? 1 : 0;
  }
};

}  // namespace

std::unique_ptr<Environment> make_maze_apples() {
  return std::make_unique<MazeApples>();
}

}  // namespace gato::env
