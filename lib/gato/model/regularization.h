// Stochastic depth (Huang et al. 2016) and dropout with counter-based random
// numbers.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace gato::model {

// How the sub-layers of a training step are regularized. Which outputs are
// skipped and which elements are dropped is a function of (seed, step, row,
// site) alone, so it depends neither on how rows are batched nor on the device.
struct Regularization {
  // Probability of skipping a sub-layer in a row (paper, appendix D).
  double stochastic_depth = 0;
  double dropout = 0;  // of sub-layer outputs and feed-forward activations
  uint64_t seed = 0, step = 0;
  uint64_t first_row = 0;  // index of the batch's first row within the step
};

// Returns the factors of the sub-layer outputs in each row, fp32
// [sublayers, rows] on the CPU: 0 with probability p = stochastic_depth, else
// 1 / (1 - p), so that evaluation needs no scale. Empty if p is 0.
at::Tensor stochastic_depth_scales(const Regularization& regularization,
                                   int64_t sublayers, int64_t rows);

// The tokens, of B rows of L tokens, that the first dimension of a tensor is
// about.
struct TokenSelection {
  int64_t rows = 0, length = 0;  // B, L
  at::Tensor indices;            // int64 [T] in [0, B*L); all if undefined
};

// Drops elements of x [B*L, n], or [T, n] for selected tokens, with probability
// p = dropout and scales the others by 1 / (1 - p). `site` distinguishes the
// uses within a step. Which elements are dropped depends neither on the device
// nor on the selection.
at::Tensor apply_dropout(const at::Tensor& x,
                         const Regularization& regularization, int64_t site,
                         const TokenSelection& tokens);

}  // namespace gato::model
