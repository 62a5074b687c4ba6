// Causal attention on a CPU, block by block, with or without relative positions
// (Dai et al. 2019, section 3.3).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace gato::model {

// The inputs of attention, all of the same type, fp32 or bf16.
struct BlockwiseAttentionInput {
  // [B, H, L, K] each. The queries are scaled by 1 / sqrt(K) and include the
  // content bias.
  at::Tensor content_queries, keys, values;
  // Relative positions only, otherwise undefined: (q + v) / sqrt(K), [B, H, L,
  // K], and W R of distances L-1 down to 0, [H, K, L].
  at::Tensor position_queries, distance_keys;
};

// Returns the weighted values, a [B, H, L, K] view of a contiguous [B, L, H,
// K]. Computes the scores of `block_size` queries at a time, against the keys
// up to the end of their block, and saves their softmax for the backward pass:
// slightly more than half of [L, L] per row and head. `block_size` affects
// values and gradients only by rounding.
at::Tensor blockwise_attention(const BlockwiseAttentionInput& input,
                               int64_t block_size = 128);

}  // namespace gato::model
