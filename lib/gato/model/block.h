// One layer: attention and feed-forward sub-layers, each after its norm, each
// added to the residual stream.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "gato/model/attention.h"
#include "gato/model/model_config.h"
#include "gato/model/regularization.h"
#include "gato/model/weights.h"

namespace gato::model {

// LayerNorm of the fp32 residual stream, in the given type.
at::Tensor layer_norm(const at::Tensor& x, const NormWeights& weights,
                      at::ScalarType type);

// GEGLU split in halves: up gives [a, g], result down(a * gelu(g)).
at::Tensor feed_forward(const at::Tensor& x, const BlockWeights& weights);

// What all blocks of a forward pass share.
struct BlockContext {
  ModelConfig config;
  PositionTables positions;
  Regularization regularization;
  at::Tensor depth_scales;  // of stochastic_depth_scales(), on the device
  int64_t rows = 0;
  // int64 [T]: the places among B*L that anything reads after the last block,
  // which computes no others; undefined: all.
  at::Tensor output_indices;
};

// The residual stream [B*L, d], fp32, through block `layer`: [B*L, d], of the
// last block [T, d] where there are output_indices.
at::Tensor apply_block(const at::Tensor& x, const BlockWeights& weights,
                       const BlockContext& context, int64_t layer);

}  // namespace gato::model
