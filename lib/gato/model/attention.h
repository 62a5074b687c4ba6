// Causal attention over whole rows, for training and evaluation.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "gato/model/config.h"
#include "gato/model/positions.h"
#include "gato/model/weights.h"

namespace gato {

// What every layer shares: the positions of a row of `length` tokens. In the
// type and on the device of `like`.
struct RowPositions {
  RowPositions(const ModelConfig& config, int64_t length,
               const at::Tensor& like);

  at::Tensor sinusoids;  // relative: [length, d] from the farthest to 0
  // Rotary: [2, 1, 1, length, K], of queries, which come out divided by
  // sqrt(K), and of keys.
  Rotation rotation;
  at::Tensor mask;  // [length, length]: -infinity where j > i, else 0

  int64_t length() const { return mask.size(0); }
};

// x [B*L, d] after the norm, in the type of the weights, to [B*L, d], or to
// [T, d] where `chosen`, int64 [T], says whose outputs among B*L are wanted.
at::Tensor attend(const at::Tensor& x, const BlockWeights& weights,
                  const RowPositions& positions, const ModelConfig& config,
                  const at::Tensor& chosen = {});

}  // namespace gato
