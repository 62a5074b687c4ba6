// The random numbers of base/random.h, computed in bulk on any device.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace gato::model {

// Returns bool [keys, n] on `device`: whether the i-th uniform() of the
// RandomStream with each key is less than `probability`. The key of a stream is
// random_bits(seed, words).
at::Tensor bernoulli_mask(const std::vector<uint64_t>& keys, int64_t n,
                          double probability, at::Device device);

}  // namespace gato::model
