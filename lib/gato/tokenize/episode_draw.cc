#include "gato/tokenize/episode_draw.h"

#include "gato/base/error.h"
#include "gato/base/permutation.h"
#include "gato/base/random.h"

namespace gato {
namespace {

// DO NOT CHANGE THIS VALUE: other episodes would be drawn. It keeps these draws
// apart from all others of the same seed.
constexpr uint64_t purpose = 0x67610005;

}  // namespace

std::vector<int64_t> draw_episodes(uint64_t seed, int64_t repeat, int64_t total,
                                   int64_t count) {
  if (count > total) {
    throw usage_error("--episodes {}: there are only {} demonstrations", count,
                      total);
  }
  const uint64_t key =
      random_bits(seed, {purpose, static_cast<uint64_t>(repeat)});
  std::vector<int64_t> drawn;
  for (int64_t i = 0; i < count; ++i) {
    drawn.push_back(static_cast<int64_t>(permuted(
        key, 0, static_cast<uint64_t>(total), static_cast<uint64_t>(i))));
  }
  return drawn;
}

}  // namespace gato
