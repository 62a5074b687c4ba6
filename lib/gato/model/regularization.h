// Stochastic depth and dropout with chance drawn by counter.
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

// Scale of every sub-layer's output for each row, fp32 [sublayers, rows], on
// the CPU: 0 with probability stochastic_depth, else 1 / (1 -
// stochastic_depth), so that evaluation needs no scale. Empty where nothing is
// skipped.
at::Tensor stochastic_depth_scales(const Regularization& regularization,
                                   int64_t sublayers, int64_t rows);

// Which of B rows of L tokens the first dimension of a tensor stands for.
struct TokenSelection {
  int64_t rows = 0, length = 0;  // B, L
  at::Tensor indices;            // int64 [T]: indices into B*L; undefined: all
};

// x [B*L, n], or [T, n] where tokens are chosen, with elements dropped with
// probability `dropout` and the others scaled by 1 / (1 - dropout). `place`
// tells apart the uses in one step. The same elements on every device, and
// whichever tokens are chosen.
at::Tensor apply_dropout(const at::Tensor& x,
                         const Regularization& regularization, int64_t site,
                         const TokenSelection& tokens);

}  // namespace gato::model
