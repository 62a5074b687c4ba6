#include "gato/env/arcade/platformer.h"

#include <algorithm>
#include <cstdlib>

namespace gato::env {
namespace {

constexpr int kWindowCells = 16, kPixelsPerCell = Screen::kSide / kWindowCells;
// Cells of the window to the left of the runner, or above it.
constexpr int kCellsLeft = 4, kCellsAbove = 10;
constexpr double kProgressReward = 5, kCoinReward = 5;

constexpr Color kAirColor = {20, 30, 60}, kGroundColor = {110, 75, 45},
                kTurfColor = {70, 170, 70}, kSpikesColor = {230, 50, 50},
                kCoinColor = {255, 230, 50}, kWalkerColor = {200, 80, 230},
                kRunnerColor = {255, 255, 255}, kRisingColor = {255, 160, 60};

}  // namespace

void Platformer::reset_state(base::RandomStream random) {
  level_ = sample_level(random);
  plan_.clear();
  runner_ = {.cell = level_.start};
  previous_cell_ = level_.start;
  least_distance_ = distance_to_coin(level_.start);
}

int Platformer::distance_to_coin(PlatformerLevel::Cell cell) const {
  return std::abs(axis_ == Axis::horizontal ? level_.coin.x - cell.x
                                            : level_.coin.y - cell.y);
}

Transition Platformer::apply_action(const BuiltinAction& action) {
  previous_cell_ = runner_.cell;
  const PlatformerLevel::Fate fate = level_.advance(runner_, action.discrete);
  const int distance = distance_to_coin(runner_.cell);
  Transition transition;
  if (distance < least_distance_ && fate != PlatformerLevel::Fate::dead) {
    transition.reward = kProgressReward * (least_distance_ - distance) /
                        distance_to_coin(level_.start);
    least_distance_ = distance;
  }
  const bool has_won = fate == PlatformerLevel::Fate::won;
  transition.reward += has_won ? kCoinReward : 0;
  transition.terminated = fate != PlatformerLevel::Fate::alive;
  transition.info["success"] = has_won ? 1 : 0;
  return transition;
}

BuiltinAction Platformer::compute_expert_action() {
  if (plan_.empty()) {
    plan_ = level_.plan();
  }
  return {.discrete = plan_[level_.state_index(runner_)]};
}

void Platformer::draw(Screen& screen) const {
  const PlatformerLevel::Cell corner =
      axis_ == Axis::horizontal
          ? PlatformerLevel::Cell{runner_.cell.x - kCellsLeft, 0}
          : PlatformerLevel::Cell{0, runner_.cell.y - kCellsAbove};
  const auto fill_cell = [&](PlatformerLevel::Cell cell, Color color) {
    screen.fill((cell.y - corner.y) * kPixelsPerCell,
                (cell.x - corner.x) * kPixelsPerCell, kPixelsPerCell,
                kPixelsPerCell, color);
  };
  screen.fill(0, 0, Screen::kSide, Screen::kSide, kAirColor);
  for (int y = corner.y; y < corner.y + kWindowCells; ++y) {
    for (int x = corner.x; x < corner.x + kWindowCells; ++x) {
      const PlatformerLevel::Tile tile = level_.tile({x, y});
      if (tile == PlatformerLevel::Tile::spikes) {
        fill_cell({x, y}, kSpikesColor);
      } else if (tile == PlatformerLevel::Tile::ground) {
        const bool is_turf =
            level_.tile({x, y - 1}) != PlatformerLevel::Tile::ground;
        fill_cell({x, y}, is_turf ? kTurfColor : kGroundColor);
      }
    }
  }
  fill_cell(level_.coin, kCoinColor);
  for (const PlatformerLevel::Walker& walker : level_.walkers) {
    const PlatformerLevel::Cell cell = walker.cell_at(runner_.phase);
    fill_cell({cell.x - walker.velocity_at(runner_.phase), cell.y},
              darken(kWalkerColor));
    fill_cell(cell, kWalkerColor);
  }
  fill_cell(previous_cell_, darken(kRunnerColor));
  fill_cell(runner_.cell, runner_.rise > 0 ? kRisingColor : kRunnerColor);
}

}  // namespace gato::env
