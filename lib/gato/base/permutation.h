// Pseudorandom permutations whose elements can be computed one at a time.
#pragma once

#include <cstdint>

namespace gato::base {

// Returns element `index` of the permutation of [0, size) that `seed` and
// `epoch` determine. A Feistel cipher keyed by the two computes it in constant
// time and memory. Requires index < size.
uint64_t permute_index(uint64_t seed, uint64_t epoch, uint64_t size,
                       uint64_t index);

}  // namespace gato::base
