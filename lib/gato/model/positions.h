// Relative sinusoids (Dai et al. 2019) and rotary angles (Su et al. 2021).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace gato {

// R_p = [sin(p w), cos(p w)], w_k = 10000^(-2k/width), k < width / 2, for the
// distances p = distances-1, ..., 1, 0: [distances, width], fp32.
at::Tensor relative_sinusoids(int64_t distances, int64_t width);

// Cosine and sine [n, key_size / 2], fp32, of p w_k at positions p (int64 [n]),
// w_k = 10000^(-2k/key_size).
struct Rotation {
  at::Tensor cosine, sine;
};
Rotation rotation_at(const at::Tensor& positions, int64_t key_size);

// Rotates x [..., n, heads, key_size] by the angles of its n positions: pairs
// (k, k + key_size/2) become (x cos - y sin, y cos + x sin).
at::Tensor rotate(const at::Tensor& x, const Rotation& rotation);

}  // namespace gato
