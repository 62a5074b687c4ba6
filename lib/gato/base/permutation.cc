#include "gato/base/permutation.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "gato/base/random.h"

namespace gato::base {
namespace {

// Separates these random numbers from all others of the same seed. DO NOT
// CHANGE THIS VALUE: a resumed run would read different rows.
constexpr uint64_t kRngStream = 0x67610001;
constexpr uint64_t kRounds = 6;

// Encrypts a value of 2 * `half_bits` bits with a balanced Feistel network,
// which is a bijection for any round function. The round function is
// random_bits() keyed by the round (Luby & Rackoff 1988).
uint64_t feistel_encrypt(uint64_t seed, uint64_t epoch, int half_bits,
                         uint64_t value) {
  const uint64_t mask = (uint64_t{1} << half_bits) - 1;
  uint64_t left = value >> half_bits, right = value & mask;
  for (uint64_t round = 0; round < kRounds; ++round) {
    const uint64_t next =
        left ^ (random_bits(seed, {kRngStream, epoch, round, right}) & mask);
    left = right;
    right = next;
  }
  return left << half_bits | right;
}

}  // namespace

uint64_t permute_index(uint64_t seed, uint64_t epoch, uint64_t size,
                       uint64_t index) {
  assert(index < size);
  const int half_bits =
      std::max(1, (static_cast<int>(std::bit_width(size - 1)) + 1) / 2);
  // The cipher permutes [0, 4^half_bits), the next power of four. A result
  // outside [0, size) is encrypted again until it is inside (cycle walking;
  // Black & Rogaway 2002), which takes fewer than four rounds on average.
  do {
    index = feistel_encrypt(seed, epoch, half_bits, index);
  } while (index >= size);
  return index;
}

}  // namespace gato::base
