// Causal attention with relative positions (Dai et al. 2019, section 3.3) on a
// CPU, block by block.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace gato::model {

// All tensors have one type, fp32 or bf16.
struct RelativeAttentionInput {
  // [B, H, L, K]. The queries are (q + u) / sqrt(K) and (q + v) / sqrt(K).
  at::Tensor content_queries, position_queries, keys, values;
  at::Tensor distance_keys;  // [H, K, L]: W R of distances L-1 down to 0
};

// Returns the weighted values [B, H, L, K]; the heads of a token are adjacent
// in memory. Scores exist for `block_size` queries at a time, and not for keys
// after the block. The backward pass needs the attention probabilities of all
// blocks: a little more than half of [L, L]. Apart from rounding, values and
// gradients do not depend on `block_size`.
at::Tensor blockwise_relative_attention(const RelativeAttentionInput& input,
                                        int64_t block_size = 128);

}  // namespace gato::model
