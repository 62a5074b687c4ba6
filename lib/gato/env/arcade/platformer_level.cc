#include "gato/env/arcade/platformer_level.h"

#include <algorithm>

#include "gato/env/arcade/noisy_planner.h"

namespace gato::env {

PlatformerLevel::Cell PlatformerLevel::Walker::cell_at(int time) const {
  const int step = (time + phase) % (2 * span);
  return {left.x + std::min(step, 2 * span - step), left.y};
}

int PlatformerLevel::Walker::velocity_at(int time) const {
  return (time + phase) % (2 * span) < span ? 1 : -1;
}

PlatformerLevel::Tile PlatformerLevel::tile(Cell cell) const {
  if (cell.x < 0 || cell.x >= width || cell.y < 0) {
    return Tile::ground;
  }
  return cell.y >= height ? Tile::air : tiles[cell.y * width + cell.x];
}

void PlatformerLevel::set_tiles(Cell corner, int columns, int rows, Tile tile) {
  for (int y = corner.y; y < corner.y + rows; ++y) {
    std::fill_n(tiles.begin() + y * width + corner.x, columns, tile);
  }
}

PlatformerLevel::Fate PlatformerLevel::advance(Runner& runner,
                                               int action) const {
  const auto is_ground = [this](int x, int y) {
    return tile({x, y}) == Tile::ground;
  };
  const Cell from = runner.cell;
  Cell& cell = runner.cell;
  if (action >= jump && is_ground(cell.x, cell.y + 1)) {
    runner.rise = kJumpHeight;
  }
  const int direction = action % 3 == left ? -1 : action % 3 == right ? 1 : 0;
  if (!is_ground(cell.x + direction, cell.y)) {
    cell.x += direction;
  }
  if (runner.rise > 0 && is_ground(cell.x, cell.y - 1)) {
    runner.rise = 0;
  } else if (runner.rise > 0) {
    --cell.y;
    --runner.rise;
  } else if (!is_ground(cell.x, cell.y + 1)) {
    ++cell.y;
  }
  const int phase = runner.phase;
  runner.phase = (phase + 1) % kPeriod;
  return is_killed(from, cell, phase) ? Fate::dead
         : cell == coin               ? Fate::won
                                      : Fate::alive;
}

bool PlatformerLevel::is_killed(Cell from, Cell to, int phase) const {
  if (to.y >= height || tile(to) == Tile::spikes) {
    return true;
  }
  return std::any_of(walkers.begin(), walkers.end(), [=](const Walker& walker) {
    const Cell after = walker.cell_at(phase + 1);
    return after == to || (after == from && walker.cell_at(phase) == to);
  });
}

int PlatformerLevel::state_index(const Runner& runner) const {
  // Without walkers the phase makes no difference.
  const int phase = walkers.empty() ? 0 : runner.phase;
  return ((runner.cell.x * height + runner.cell.y) * (kJumpHeight + 1) +
          runner.rise) *
             kPeriod +
         phase;
}

std::vector<uint8_t> PlatformerLevel::plan() const {
  constexpr double kDiscount = 0.98, kNoise = 0.2;
  constexpr int32_t kUnknown = -1;
  // The states that can be reached, in the order in which breadth-first search
  // finds them, and the index of each in that order.
  std::vector<Runner> reached = {{.cell = start}};
  std::vector<int32_t> order(width * height * (kJumpHeight + 1) * kPeriod,
                             kUnknown);
  order[state_index(reached[0])] = 0;
  std::vector<PlannedTransition> transitions;
  for (size_t i = 0; i < reached.size(); ++i) {
    for (int action = 0; action < kActionCount; ++action) {
      Runner runner = reached[i];
      const Fate fate = advance(runner, action);
      if (fate != Fate::alive) {
        transitions.push_back({.reward = fate == Fate::won ? 1.0f : 0.0f});
        continue;
      }
      int32_t& next = order[state_index(runner)];
      if (next == kUnknown) {
        next = static_cast<int32_t>(reached.size());
        reached.push_back(runner);
      }
      transitions.push_back({.next = next});
    }
  }
  const std::vector<uint8_t> best =
      plan_under_noise(transitions, kActionCount, kDiscount, kNoise);
  std::vector<uint8_t> plan(order.size());
  for (size_t i = 0; i < reached.size(); ++i) {
    plan[state_index(reached[i])] = best[i];
  }
  return plan;
}

}  // namespace gato::env
