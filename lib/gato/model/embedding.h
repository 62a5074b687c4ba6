// Embedding of tokens (paper, section 2.2, appendices C.2 and C.3).
#pragma once

#include <ATen/ATen.h>

#include "gato/model/batch.h"
#include "gato/model/weights.h"

namespace gato::model {

// Returns fp32 vectors [U, d] for uint8 pixels [U, 16, 16, 3]: the ResNet block
// of the paper's Figure 16, applied to each patch by itself.
at::Tensor embed_patches(const PatchWeights& weights, const at::Tensor& pixels);

// Returns fp32 [B*L, d]: the row of the token table, or the patch embedding
// plus its row and column encodings, plus the local position encoding.
at::Tensor embed_tokens(const NetworkWeights& weights, const Batch& batch);

}  // namespace gato::model
