// Orders drawn by chance of which any place can be told alone.
#pragma once

#include <cstdint>

namespace gato::base {

// What stands at `place` of permutation number `number` of [0, size): every
// value once over all places. It is a Feistel cipher keyed by seed and number,
// so that it takes constant time and memory. place < size.
uint64_t permute_index(uint64_t seed, uint64_t epoch, uint64_t size,
                       uint64_t index);

}  // namespace gato::base
