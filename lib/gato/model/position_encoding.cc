#include "gato/model/position_encoding.h"

#include <cmath>

namespace gato::model {
namespace {

constexpr double kFrequencyBase = 10000;

// Returns the angles p w_k, [n, size/2], in double precision: positions grow
// with the length of an episode, and fp32 angles would become inaccurate.
at::Tensor angles(const at::Tensor& positions, int64_t size) {
  const at::Tensor exponents =
      at::arange(0, size, 2, at::kDouble) * (-std::log(kFrequencyBase) / size);
  return positions.to(at::kDouble).unsqueeze(1) *
         exponents.exp().to(positions.device());
}

}  // namespace

at::Tensor relative_sinusoids(int64_t distances, int64_t width) {
  const at::Tensor angle =
      angles(at::arange(distances - 1, -1, -1, at::kLong), width);
  return at::cat({angle.sin(), angle.cos()}, 1).to(at::kFloat);
}

RotaryEmbedding rotary_embedding(const at::Tensor& positions,
                                 int64_t key_size) {
  const at::Tensor angle = angles(positions, key_size);
  const at::Tensor cosine = angle.cos().to(at::kFloat);
  const at::Tensor sine = angle.sin().to(at::kFloat);
  return {at::cat({cosine, cosine}, 1), at::cat({-sine, sine}, 1)};
}

at::Tensor apply_rotary_embedding(const at::Tensor& x,
                                  const RotaryEmbedding& rotation) {
  const auto halves = x.chunk(2, -1);
  return at::addcmul(x * rotation.cosine, at::cat({halves[1], halves[0]}, -1),
                     rotation.sine);
}

}  // namespace gato::model
