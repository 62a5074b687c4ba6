// Sinusoids of relative positions (Dai et al. 2019) and rotary position
// embedding (Su et al. 2021).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace gato::model {

// Returns fp32 [distances, width]: rows R_p = [sin(p w), cos(p w)] with
// w_k = 10000^(-2k/width), k < width/2, for p = distances-1, ..., 1, 0.
at::Tensor relative_sinusoids(int64_t distances, int64_t width);

// The tables of apply_rotary_embedding() for the angles p w_k of n positions p:
// [cos, cos] and [-sin, sin], each [n, key_size].
struct RotaryEmbedding {
  at::Tensor cosine, sine;
};

// Returns fp32 tables for positions p (int64 [n]), with w_k =
// 10000^(-2k/key_size), k < key_size/2.
RotaryEmbedding rotary_embedding(const at::Tensor& positions, int64_t key_size);

// Rotates x [..., key_size] (Su et al. 2021, eq. 34, with pairs k and
// k + key_size/2): (x, y) becomes (x cos - y sin, y cos + x sin). The tables
// broadcast against x and have its type. Negated sines give the inverse.
at::Tensor apply_rotary_embedding(const at::Tensor& x,
                                  const RotaryEmbedding& rotation);

}  // namespace gato::model
