// arcade/climber: a runner climbs from platform to platform to a coin at the
// top. platformer.h and platformer_level.h have the rules, the observation and
// the expert.
//
// A level is 16 columns wide and has nine platforms, 3 rows apart, of 3 to 7
// cells. Some have spikes on one cell, others a walker. Falling is harmless: at
// the bottom is solid ground. The window shows the 10 rows above the runner and
// the 5 below. Time limit: 150 steps.
#include <algorithm>

#include "gato/env/arcade/arcade_tasks.h"
#include "gato/env/arcade/platformer.h"

namespace gato::env {
namespace {

constexpr int kWidth = 16, kPlatformCount = 9, kSpacing = 3,
              kMaxEpisodeSteps = 150;
constexpr int kNoSpikes = -1;
constexpr int kHeight = (kPlatformCount + 2) * kSpacing + 1;

class Climber : public Platformer {
 public:
  Climber() : Platformer("arcade/climber", Axis::vertical, kMaxEpisodeSteps) {}

 private:
  using Tile = PlatformerLevel::Tile;
  struct Platform {
    int first = 0, last = 0;  // columns
    int spikes = kNoSpikes;   // the column of the spikes
  };

  PlatformerLevel sample_level(base::RandomStream& random) const override {
    PlatformerLevel level(kWidth, kHeight);
    level.set_tiles({0, kHeight - 1}, kWidth, 1, Tile::ground);
    level.start = {static_cast<int>(random.uniform_int(kWidth)), kHeight - 2};
    Platform platform = {0, kWidth - 1};
    for (int i = 1; i <= kPlatformCount; ++i) {
      const int row = kHeight - 1 - i * kSpacing;
      platform = sample_next_platform(platform, random);
      level.set_tiles({platform.first, row}, platform.last - platform.first + 1,
                      1, Tile::ground);
      level.coin = {(platform.first + platform.last) / 2, row - 1};
      if (i < kPlatformCount) {
        add_danger(level, row - 1, platform, random);
      }
    }
    return level;
  }

  // Samples a platform whose near end is 1 to 4 columns from a free cell of the
  // lower one, so that a jump from there leads beside it and then onto it.
  static Platform sample_next_platform(const Platform& lower,
                                       base::RandomStream& random) {
    while (true) {
      const int from =
          lower.first +
          static_cast<int>(random.uniform_int(lower.last - lower.first + 1));
      const int length = 3 + static_cast<int>(random.uniform_int(5));
      const int distance = 1 + static_cast<int>(random.uniform_int(4));
      const bool is_right = random.uniform_int(2);
      const int first =
          is_right ? from + distance : from - distance - length + 1;
      if (from != lower.spikes && first >= 0 && first + length <= kWidth) {
        return {first, first + length - 1};
      }
    }
  }

  // Adds spikes, which a runner can jump over, a walker or nothing. There are
  // no spikes at the ends, so that a runner can arrive there.
  static void add_danger(PlatformerLevel& level, int row, Platform& platform,
                         base::RandomStream& random) {
    const int length = platform.last - platform.first + 1;
    const uint64_t kind = random.uniform_int(4);
    if (kind == 0 && length >= 4) {
      platform.spikes =
          platform.first + 1 + static_cast<int>(random.uniform_int(length - 2));
      level.set_tiles({platform.spikes, row}, 1, 1, Tile::spikes);
    } else if (kind == 1 && length >= 5) {
      constexpr int kSpan = 4;
      level.walkers.push_back(
          {.left = {platform.first, row},
           .span = kSpan,
           .phase = static_cast<int>(random.uniform_int(2 * kSpan))});
    }
  }
};

}  // namespace

std::unique_ptr<Environment> make_climber() {
  return std::make_unique<Climber>();
}

}  // namespace gato::env
