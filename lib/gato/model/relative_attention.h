// Causal attention whose scores are by content and by distance (Dai et al.
// 2019, 3.3), on a CPU.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace gato::model {

// All of one type, fp32 or bf16.
struct RelativeAttentionInput {
  // Queries with the bias of their kind of score, scaled, and keys and values:
  // [B, H, L, K].
  at::Tensor content_queries, position_queries, keys, values;
  at::Tensor distance_keys;  // [H, K, L]: keys of the distances L-1 down to 0
};

// Weighted values [B, H, L, K], each place's next to each other in memory. Of
// the scores [L, L] only those of `block` queries at a time exist, and none of
// keys after the block; of their softmax all that the backward pass needs, half
// of [L, L] and some. Values and gradients depend on `block` by rounding alone.
at::Tensor blockwise_relative_attention(const RelativeAttentionInput& input,
                                        int64_t block_size = 128);

}  // namespace gato::model
