// maze/seek-avoid: collect apples and avoid lemons in an arena, as in DeepMind
// Lab's seekavoid_arena (Beattie et al. 2016).
//
// The arena has 5 x 5 cells without walls between them. In it are 6 apples and
// 6 lemons, which disappear when they are touched. maze_environment.h has the
// movement, the observation and the expert.
//
// Reward: 1 per apple and -1 per lemon; at most 6. The episode ends when all
// apples have been collected, with success if no lemon was touched. Time limit:
// 100 steps.
// The expert collects all apples and touches no lemon unless it has to, which
// is the maximum.
#include "gato/env/maze/maze_environment.h"
#include "gato/env/maze/maze_tasks.h"

namespace gato::env {
namespace {

constexpr int kCells = 5, kAppleCount = 6, kLemonCount = 6,
              kMaxEpisodeSteps = 100;
constexpr Color kAppleColor = {255, 30, 30}, kLemonColor = {255, 235, 40};

class MazeSeekAvoid : public MazeEnvironment {
 public:
  MazeSeekAvoid()
      : MazeEnvironment("maze/seek-avoid", Mission::none, kMaxEpisodeSteps) {}

 private:
  int furnish(base::RandomStream& random) override {
    constexpr double kNoWalls = 1;
    scene().labyrinth = Labyrinth::sample(kCells, kCells, kNoWalls, random);
    const auto cells = sample_cells(1 + kAppleCount + kLemonCount, random);
    place_agent(cells[0]);
    for (int i = 1; i <= kAppleCount + kLemonCount; ++i) {
      const bool is_apple = i <= kAppleCount;
      add_thing(is_apple ? kAppleSprite : kLemonSprite,
                is_apple ? kAppleColor : kLemonColor, cells[i]);
    }
    has_touched_lemon_ = false;
    return kAppleCount;
  }

  void touch(const MazeThing& thing, Transition& transition) override {
    const bool is_apple = thing.sprite == &kAppleSprite;
    transition.reward += is_apple ? 1 : -1;
    has_touched_lemon_ |= !is_apple;
    transition.terminated = has_found_all();
    transition.info["success"] = has_found_all() && !has_touched_lemon_ ? 1 : 0;
  }

  bool has_touched_lemon_ = false;
};

}  // namespace

std::unique_ptr<Environment> make_maze_seek_avoid() {
  return std::make_unique<MazeSeekAvoid>();
}

}  // namespace gato::env
