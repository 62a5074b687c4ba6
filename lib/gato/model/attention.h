// Causal attention over whole rows, for training and evaluation.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "gato/model/model_config.h"
#include "gato/model/position_encoding.h"
#include "gato/model/weights.h"

namespace gato::model {

// What every layer shares: the positions of a row of `length` tokens. In the
// type and on the device of `like`.
struct PositionTables {
  PositionTables(const ModelConfig& config, int64_t length,
                 const at::Tensor& like);

  at::Tensor sinusoids;  // relative: [length, d] from the farthest to 0
  // Rotary: [2, 1, 1, length, K], of queries, which come out divided by
  // sqrt(K), and of keys.
  RotaryEmbedding rotation;
  at::Tensor causal_mask;  // [length, length]: -infinity where j > i, else 0

  int64_t length() const { return causal_mask.size(0); }
};

// x [B*L, d] after the norm, in the type of the weights, to [B*L, d], or to
// [T, d] where `chosen`, int64 [T], says whose outputs among B*L are wanted.
at::Tensor causal_self_attention(const at::Tensor& x,
                                 const BlockWeights& weights,
                                 const PositionTables& positions,
                                 const ModelConfig& config,
                                 const at::Tensor& output_indices = {});

}  // namespace gato::model
