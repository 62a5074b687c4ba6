// Relative sinusoids (Dai et al. 2019) and rotary angles (Su et al. 2021).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace gato::model {

// R_p = [sin(p w), cos(p w)], w_k = 10000^(-2k/width), k < width / 2, for the
// distances p = distances-1, ..., 1, 0: [distances, width], fp32.
at::Tensor relative_sinusoids(int64_t distances, int64_t width);

// Cosine and sine of p w_k at positions p (int64 [n]), w_k =
// 10000^(-2k/key_size), as rotate() takes them: [n, key_size], fp32, the
// cosines twice, and the sines first negated, then as they are.
struct RotaryEmbedding {
  at::Tensor cosine, sine;
};
RotaryEmbedding rotary_embedding(const at::Tensor& positions, int64_t key_size);

// Rotates x [..., key_size]: pairs (k, k + key_size/2) become
// (x cos - y sin, y cos + x sin). The rotation broadcasts against x and has its
// type. The same with the sines negated turns back.
at::Tensor apply_rotary_embedding(const at::Tensor& x,
                                  const RotaryEmbedding& rotation);

}  // namespace gato::model
