// The base class of the platform games, which differ in their levels.
//
// Observation: a window of 16 x 16 cells of 2 x 2 pixels, uint8 [32, 32, 3],
// that moves with the runner. The runner is orange while it rises. A dark cell
// shows its previous position, and a dark cell behind a walker shows where the
// walker comes from.
// Action: 0 stay, 1 left, 2 right, 3 jump, 4 jump left, 5 jump right.
// Reward: up to 5 for progress (in proportion to the columns or rows by which
// the runner comes closer to the coin than ever before) and 5 for the coin,
// which ends the episode with success. So 10 is the maximum.
//
// Expert: value iteration over all states of the runner and the walkers
// (PlatformerLevel::plan). It knows the entire level, but hardly ever needs
// more than the window. It wins every level, which is the maximum.
#pragma once

#include <string>
#include <vector>

#include "gato/env/arcade/arcade_game.h"
#include "gato/env/arcade/platformer_level.h"

namespace gato::env {

class Platformer : public ArcadeGame {
 protected:
  enum class Axis { horizontal, vertical };
  Platformer(const std::string& name, Axis axis, int max_episode_steps)
      : ArcadeGame(name, PlatformerLevel::kActionCount, max_episode_steps),
        axis_(axis) {}

  // Samples a level that can be won.
  virtual PlatformerLevel sample_level(base::RandomStream& random) const = 0;

 private:
  void reset_state(base::RandomStream random) override;
  Transition apply_action(const BuiltinAction& action) override;
  BuiltinAction compute_expert_action() override;
  void draw(Screen& screen) const override;
  // Returns the number of columns or rows between the runner and the coin.
  int distance_to_coin(PlatformerLevel::Cell cell) const;

  Axis axis_;
  PlatformerLevel level_;
  std::vector<uint8_t> plan_;  // the expert's, empty if not made yet
  PlatformerLevel::Runner runner_;
  PlatformerLevel::Cell previous_cell_;
  int least_distance_ = 0;
};

}  // namespace gato::env
