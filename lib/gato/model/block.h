// One layer: attention and feed-forward sub-layers, each after its norm, each
// added to the residual stream.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "gato/model/attention.h"
#include "gato/model/network.h"
#include "gato/model/weights.h"

namespace gato {

// LayerNorm of the fp32 residual stream, in the given type.
at::Tensor normalise(const at::Tensor& x, const NormWeights& weights,
                     at::ScalarType type);

// GEGLU split in halves: up gives [a, g], result down(a * gelu(g)).
at::Tensor feed_forward(const at::Tensor& x, const BlockWeights& weights,
                        const Regularisation& regularisation, int64_t layer,
                        int64_t rows);

// The residual stream [B*L, d], fp32, through block `layer`. `depth`: of
// depth_scales(), on the device of x.
at::Tensor apply_block(const at::Tensor& x, const BlockWeights& weights,
                       const RowPositions& positions, const ModelConfig& config,
                       const Regularisation& regularisation,
                       const at::Tensor& depth, int64_t layer, int64_t rows);

}  // namespace gato
