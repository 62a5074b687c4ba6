// Floating-point operations and memory: what training needs, what the machine
// provides, and what this process has used.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "gato/model/model_config.h"
#include "gato/model/precision.h"

namespace gato::train {

// Returns the number of floating-point operations, forward and backward, for
// `tokens` tokens in rows of `length`, `targets` of which are predicted
// (Chowdhery et al. 2022, appendix B):
//   per token   6 x elements of the blocks' matrices
//               + 12 x layers x heads x key size x length (attention)
//   per target  6 x elements of the output matrix
// Embeddings, norms, the patch network and recomputed activations are not
// counted.
double training_flops(const model::ModelConfig& config, int64_t length,
                      int64_t tokens, int64_t targets);

// Measures the throughput of a large matrix product, in floating-point
// operations per second, with the current number of threads. Takes about a
// tenth of a second. Model FLOPs utilization is relative to this value.
double measure_matmul_flops_per_second(at::Device device,
                                       model::Precision precision);

// Returns the peak memory use so far in bytes: of tensors on a GPU, or the
// maximum resident set size of the process on the CPU.
int64_t peak_memory(at::Device device);

}  // namespace gato::train
