// Draws of base/random.h made many at a time, on the device of a tensor.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace gato::model {

// bool [keys, n] on `device`: whether draw i of RandomStream::uniform() of each
// key is less than `probability`. Keys are random_bits(seed, words), what a
// RandomStream of these is keyed by.
at::Tensor bernoulli_mask(const std::vector<uint64_t>& keys, int64_t n,
                          double probability, at::Device device);

}  // namespace gato::model
