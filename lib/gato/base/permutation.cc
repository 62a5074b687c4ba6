#include "gato/base/permutation.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "gato/base/random.h"

namespace gato::base {
namespace {

// DO NOT CHANGE THIS VALUE: a resumed run would read other rows. It keeps these
// draws apart from all others of the same seed.
constexpr uint64_t kRngStream = 0x67610001;
constexpr uint64_t kRounds = 6;

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
  // The cipher permutes the next power of four; numbers beyond the size are
  // enciphered again until they fall inside (cycle walking), fewer than four
  // times on average.
  do {
    index = feistel_encrypt(seed, epoch, half_bits, index);
  } while (index >= size);
  return index;
}

}  // namespace gato::base
