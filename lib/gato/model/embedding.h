// Tokens to vectors (paper 2.2, appendix C.2, C.3).
#pragma once

#include <ATen/ATen.h>

#include "gato/model/batch.h"
#include "gato/model/weights.h"

namespace gato::model {

// uint8 pixels [U,16,16,3] to vectors [U,d], fp32: the residual block of the
// paper's Figure 16 on each distinct patch by itself.
at::Tensor embed_patches(const PatchWeights& weights, const at::Tensor& pixels);

// [B*L, d], fp32: token table, or patch network + rows + columns; + local.
at::Tensor embed_tokens(const NetworkWeights& weights, const Batch& batch);

}  // namespace gato::model
