// arcade/coin-run: a runner crosses gaps, spikes, steps and walkers on the way
// to a coin, as in CoinRun (Cobbe et al. 2019). platformer.h and
// platformer_level.h have the rules, the observation and the expert.
//
// A level is 16 rows high and has six obstacles, with 3 or 4 cells of flat
// ground between them: a gap of 2 to 4 cells, a step of 1 or 2 up or down, 1 to
// 3 cells of spikes, a block 2 or 3 high, a walker, or a gap of 6 to 8 cells
// with an island in it. The window shows the 4 cells behind the runner and the
// 11 ahead. Time limit: 150 steps.
#include <algorithm>

#include "gato/env/arcade/arcade_tasks.h"
#include "gato/env/arcade/platformer.h"

namespace gato::env {
namespace {

constexpr int kHeight = 16, kMaxWidth = 96, kObstacleCount = 6,
              kMaxEpisodeSteps = 150;
constexpr int kMinGround = 2, kMaxGround = 6;

// Builds a level from left to right.
class CoinRunBuilder {
 public:
  explicit CoinRunBuilder(base::RandomStream& random) : random_(random) {}

  PlatformerLevel build() {
    append_ground(4);
    for (int i = 0; i < kObstacleCount; ++i) {
      append_obstacle();
      append_ground(between(3, 4));
    }
    append_ground(2);
    level_.start = {1, surface(4)};
    level_.coin = {x_ - 2, surface(ground_)};
    return cut_to_width();
  }

 private:
  using Tile = PlatformerLevel::Tile;

  int between(int low, int high) {
    return low + static_cast<int>(random_.uniform_int(high - low + 1));
  }
  // Returns the row of a runner on ground of this height.
  static int surface(int ground) { return kHeight - 1 - ground; }

  void append_ground(int columns) {
    level_.set_tiles({x_, kHeight - ground_}, columns, ground_, Tile::ground);
    x_ += columns;
  }

  void append_obstacle() {
    const int first = x_;
    switch (random_.uniform_int(6)) {
      case 0:
        x_ += between(2, 4);
        break;
      case 1: {
        const int step =
            random_.uniform_int(2) ? between(1, 2) : -between(1, 2);
        ground_ = std::clamp(ground_ + step, kMinGround, kMaxGround);
        break;
      }
      case 2:
        append_ground(between(1, 3));
        level_.set_tiles({first, surface(ground_)}, x_ - first, 1,
                         Tile::spikes);
        break;
      case 3: {
        const int block_height = between(2, 3);
        append_ground(between(1, 2));
        level_.set_tiles({first, surface(ground_) - block_height + 1},
                         x_ - first, block_height, Tile::ground);
        break;
      }
      case 4: {
        const int span = random_.uniform_int(2) ? 2 : 4;
        append_ground(span + 1);
        level_.walkers.push_back({.left = {first, surface(ground_)},
                                  .span = span,
                                  .phase = between(0, 2 * span - 1)});
        break;
      }
      default:
        x_ += between(2, 3);
        append_ground(2);
        x_ += between(2, 3);
    }
  }

  PlatformerLevel cut_to_width() const {
    PlatformerLevel level = level_;
    level.width = x_;
    level.tiles.clear();
    for (int y = 0; y < kHeight; ++y) {
      const auto row = level_.tiles.begin() + y * kMaxWidth;
      level.tiles.insert(level.tiles.end(), row, row + x_);
    }
    return level;
  }

  base::RandomStream& random_;
  PlatformerLevel level_{kMaxWidth, kHeight};
  int x_ = 0, ground_ = 4;
};

class CoinRun : public Platformer {
 public:
  CoinRun()
      : Platformer("arcade/coin-run", Axis::horizontal, kMaxEpisodeSteps) {}

 private:
  PlatformerLevel sample_level(base::RandomStream& random) const override {
    return CoinRunBuilder(random).build();
  }
};

}  // namespace

std::unique_ptr<Environment> make_coin_run() {
  return std::make_unique<CoinRun>();
}

}  // namespace gato::env
