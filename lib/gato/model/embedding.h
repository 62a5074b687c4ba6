// Embedding of tokens (paper, section 2.2, appendices C.2 and C.3).
#pragma once

#include <ATen/ATen.h>

#include "gato/model/batch.h"
#include "gato/model/weights.h"

namespace gato::model {

// Returns the fp32 embeddings [U, d] of uint8 patches [U, 16, 16, 3]: the
// ResNet block of the paper's Figure 16, applied to each patch independently.
at::Tensor embed_patches(const PatchWeights& weights, const at::Tensor& pixels);

// Returns the fp32 embeddings [B*L, d] of a batch. The embedding of a token is
// its row of the token table or, for a patch, the sum of the patch, row and
// column embeddings. The local position encoding is added to either.
at::Tensor embed_tokens(const NetworkWeights& weights, const Batch& batch);

}  // namespace gato::model
