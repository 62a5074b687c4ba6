// The random numbers of base/random.h, computed in bulk on any device.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace gato::model {

// Returns bool [keys, n] on `device`. Element (k, i) is whether number i of
// RandomStream::uniform() is less than `probability` in the stream whose
// RandomStream::key() is keys[k].
at::Tensor bernoulli_mask(const std::vector<uint64_t>& keys, int64_t n,
                          double probability, at::Device device);

}  // namespace gato::model
