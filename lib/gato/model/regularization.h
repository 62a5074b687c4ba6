// Stochastic depth (Huang et al. 2016) and dropout with counter-based random
// numbers.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace gato::model {

// Stochastic depth and dropout of one training step. The random numbers are
// keyed by (seed, step, row, site), so that they depend neither on the device
// nor on how the rows of a step are divided into batches.
struct Regularization {
  // Probability of skipping a sub-layer in a row (paper, appendix D).
  double stochastic_depth = 0;
  double dropout = 0;  // of sub-layer outputs and feed-forward activations
  uint64_t seed = 0, step = 0;
  uint64_t first_row = 0;  // index of the batch's first row within the step
};

// Returns the factor of each sub-layer output in each row, fp32
// [sublayers, rows] on the CPU: 0 with probability p = stochastic_depth, else
// 1 / (1 - p), so that evaluation needs no factor. Empty if p is 0.
at::Tensor stochastic_depth_scales(const Regularization& regularization,
                                   int64_t sublayers, int64_t rows);

// The tokens, out of B rows of L, that the first dimension of a tensor
// corresponds to.
struct TokenSelection {
  int64_t rows = 0, length = 0;  // B, L
  at::Tensor indices;            // int64 [T] in [0, B*L); all if undefined
};

// Returns x [B*L, n], or [T, n] for selected tokens, with each element set to 0
// with probability p = dropout and otherwise scaled by 1 / (1 - p). `site`
// distinguishes the calls within a step. Which elements are dropped depends
// neither on the device nor on the selection.
at::Tensor apply_dropout(const at::Tensor& x,
                         const Regularization& regularization, int64_t site,
                         const TokenSelection& tokens);

}  // namespace gato::model
