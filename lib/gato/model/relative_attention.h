// Causal attention with relative positions (Dai et al. 2019, section 3.3) on a
// CPU, block by block.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace gato::model {

// The inputs of relative attention, all of the same type, fp32 or bf16.
struct RelativeAttentionInput {
  // [B, H, L, K] each. The queries are (q + u) / sqrt(K) and (q + v) / sqrt(K).
  at::Tensor content_queries, position_queries, keys, values;
  at::Tensor distance_keys;  // [H, K, L]: W R of distances L-1 down to 0
};

// Returns the weighted values, a [B, H, L, K] view of a contiguous [B, L, H,
// K]. Computes the scores of `block_size` queries at a time, against the keys
// up to the end of their block, and saves their softmax for the backward pass:
// slightly more than half of [L, L] per row and head. `block_size` affects
// values and gradients only by rounding.
at::Tensor blockwise_relative_attention(const RelativeAttentionInput& input,
                                        int64_t block_size = 128);

}  // namespace gato::model
