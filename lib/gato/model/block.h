// One transformer layer: an attention and a feed-forward sub-layer. Each reads
// the normalized residual stream and is added to it (pre-norm).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "gato/model/attention.h"
#include "gato/model/model_config.h"
#include "gato/model/regularization.h"
#include "gato/model/weights.h"

namespace gato::model {

// Normalizes the fp32 residual stream (LayerNorm) and casts the result to
// `type`.
at::Tensor layer_norm(const at::Tensor& x, const NormWeights& weights,
                      at::ScalarType type);

// GEGLU (Shazeer 2020): down(a * gelu(g)) with [a, g] = up(x).
at::Tensor feed_forward(const at::Tensor& x, const BlockWeights& weights);

// What all blocks of one forward pass share.
struct BlockContext {
  ModelConfig config;
  PositionTables positions;
  Regularization regularization;
  at::Tensor depth_scales;  // stochastic_depth_scales(), on the device
  int64_t rows = 0;         // B
  // int64 [T]: the tokens among B*L whose state is read after the last block,
  // which computes no others. All if undefined.
  at::Tensor output_indices;
};

// Returns the fp32 residual stream after block `layer`, [B*L, d], given that
// before it. The last block returns [T, d] if there are output_indices.
at::Tensor apply_block(const at::Tensor& x, const BlockWeights& weights,
                       const BlockContext& context, int64_t layer);

}  // namespace gato::model
