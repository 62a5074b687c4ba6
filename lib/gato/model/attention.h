// Causal self-attention over complete rows, for training and evaluation. The KV
// cache has its own.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "gato/model/model_config.h"
#include "gato/model/position_encoding.h"
#include "gato/model/weights.h"

namespace gato::model {

// What all layers share: the positions of a row of L tokens, in the type and on
// the device of `like`.
struct PositionTables {
  PositionTables(const ModelConfig& config, int64_t length,
                 const at::Tensor& like);

  // Relative positions: [L, d], from distance L-1 down to 0. Else undefined.
  at::Tensor sinusoids;
  // Rotary positions: [2, 1, 1, L, K] for queries and keys. The scale 1 /
  // sqrt(K) of the scores is part of the rotation of the queries. Else
  // undefined.
  RotaryEmbedding rotation;
  at::Tensor causal_mask;  // [L, L]: -infinity if j > i, else 0

  int64_t length() const { return causal_mask.size(0); }
};

// Returns the output [B*L, d] of the sub-layer for x [B*L, d], which is
// normalized and in the type of the weights. If `output_indices`, int64 [T] in
// [0, B*L), is defined, returns only those rows: [T, d].
at::Tensor causal_self_attention(const at::Tensor& x,
                                 const BlockWeights& weights,
                                 const PositionTables& positions,
                                 const ModelConfig& config,
                                 const at::Tensor& output_indices = {});

}  // namespace gato::model
