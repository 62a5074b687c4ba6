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

// Returns the LayerNorm of the fp32 residual stream x [n, d], cast to `type`.
at::Tensor layer_norm(const at::Tensor& x, const NormWeights& weights,
                      at::ScalarType type);

// Returns GEGLU (Shazeer 2020) of x [n, d]: down(a * gelu(g)), where up(x) =
// [a, g] is split in halves. Without dropout.
at::Tensor feed_forward(const at::Tensor& x, const BlockWeights& weights);

// The inputs that all blocks of a forward pass share.
struct BlockContext {
  ModelConfig config;
  PositionTables positions;
  Regularization regularization;
  at::Tensor depth_scales;  // stochastic_depth_scales(), on the device
  int64_t rows = 0;         // B
  // int64 [T]: the tokens in [0, B*L) whose state is used after the last block,
  // which computes only these. Undefined if all are used.
  at::Tensor output_indices;
};

// Returns the fp32 residual stream after block `layer`, given the stream x
// [B*L, d] before it: [B*L, d], or [T, d] after the last block if there are
// output_indices.
at::Tensor apply_block(const at::Tensor& x, const BlockWeights& weights,
                       const BlockContext& context, int64_t layer);

}  // namespace gato::model
