// The network that embeds image patches (Reed et al. 2022, appendix C.2), for
// few patches and without LibTorch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/eval/page/model_weights.h"

namespace gato::eval {

// Returns the embeddings [patches, width], without positions. Throws
// Error(bad_input) if tensors are missing or have other shapes.
std::vector<float> embed_patches(ModelWeights& weights, int64_t width,
                                 std::span<const data::Patch> patches);

}  // namespace gato::eval
