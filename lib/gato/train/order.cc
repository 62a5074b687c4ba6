#include "gato/train/order.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "gato/base/random.h"
#include "gato/train/chance.h"

namespace gato {

RowOrder::RowOrder(uint64_t seed, uint64_t rows) : seed_(seed), rows_(rows) {
  assert(rows > 0);
  half_bits_ = std::max(1, (int(std::bit_width(rows - 1)) + 1) / 2);
}

uint64_t RowOrder::row(uint64_t index) const {
  const uint64_t epoch = index / rows_;
  // The cipher permutes the next power of four; numbers beyond the rows are
  // enciphered again until they fall inside (cycle walking), fewer than four
  // times on average.
  uint64_t value = index % rows_;
  do {
    value = encipher(epoch, value);
  } while (value >= rows_);
  return value;
}

uint64_t RowOrder::encipher(uint64_t epoch, uint64_t value) const {
  constexpr uint64_t rounds = 6;
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  uint64_t left = value >> half_bits_, right = value & mask;
  for (uint64_t round = 0; round < rounds; ++round) {
    const uint64_t next =
        left ^ (random_bits(
                    seed_, {uint64_t(Chance::row_order), epoch, round, right}) &
                mask);
    left = right;
    right = next;
  }
  return left << half_bits_ | right;
}

}  // namespace gato
