#include "gato/model/attention.h"

#include <cmath>

namespace gato {
namespace {

// Up to this many tokens the plain products are faster than the flash kernel,
// forward and backward: measured on a CPU, in fp32 and bf16.
constexpr int64_t longest_plain = 128;

// Column j of row i is that of distance i - j where x [..., L, L] has a column
// a distance, from L-1 down to 0. What stands above the diagonal means nothing.
at::Tensor relative_shift(const at::Tensor& x) {
  const int64_t length = x.size(-1);
  const at::Tensor padded = at::constant_pad_nd(x, {1, 0});
  auto shape = x.sizes().vec();
  shape[shape.size() - 2] = length + 1;
  shape[shape.size() - 1] = length;
  return padded.view(shape).narrow(-2, 1, length);
}

// Weighted values [B, H, L, K] of causal scores [B, H, L, L].
at::Tensor mix(const at::Tensor& scores, const at::Tensor& v,
               const at::Tensor& future) {
  return at::matmul(at::softmax(scores.masked_fill(future, -INFINITY), -1), v);
}

// q, k, v [B, H, L, K]. The factor 1 / sqrt(K) is applied to the queries.
at::Tensor relative_attention(const at::Tensor& q, const at::Tensor& k,
                              const at::Tensor& v, const BlockWeights& weights,
                              const RowPositions& positions,
                              const ModelConfig& config) {
  const int64_t heads = config.heads, size = config.key_size;
  const at::Tensor relative =
      at::linear(positions.sinusoids.to(q.scalar_type()), weights.relative)
          .view({-1, heads, size})
          .permute({1, 2, 0});  // [H, K, L]
  const auto biased = [&](const at::Tensor& bias) {
    return ((q + bias.view({heads, 1, size})) * (1 / std::sqrt(size)))
        .to(q.scalar_type());
  };
  const at::Tensor content =
      at::matmul(biased(weights.content_bias), k.transpose(-2, -1));
  const at::Tensor position =
      relative_shift(at::matmul(biased(weights.position_bias), relative));
  return mix(content + position, v, positions.future);
}

at::Tensor rotary_attention(const at::Tensor& q, const at::Tensor& k,
                            const at::Tensor& v,
                            const RowPositions& positions) {
  if (q.size(2) > longest_plain)
    return at::scaled_dot_product_attention(q, k, v, {}, 0.0,
                                            /*is_causal=*/true);
  const at::Tensor scaled = q * (1 / std::sqrt(q.size(3)));
  return mix(at::matmul(scaled, k.transpose(-2, -1)), v, positions.future);
}

}  // namespace

RowPositions::RowPositions(const ModelConfig& config, int64_t length,
                           const at::Tensor& like) {
  if (config.position == Position::relative) {
    sinusoids = relative_sinusoids(length, config.width).to(like.device());
    future =
        at::ones({length, length}, like.options().dtype(at::kBool)).triu_(1);
  } else {
    rotation = rotation_at(at::arange(length, at::kLong).to(like.device()),
                           config.key_size);
  }
  future = at::ones({length, length}, like.options().dtype(at::kBool)).triu_(1);
}

at::Tensor attend(const at::Tensor& x, const BlockWeights& weights,
                  const RowPositions& positions, const ModelConfig& config,
                  int64_t length) {
  const at::Tensor qkv =
      at::linear(x, weights.qkv)
          .view({-1, length, 3, config.heads, config.key_size});
  const auto parts = qkv.unbind(2);  // [B, L, H, K]
  const at::Tensor v = parts[2].transpose(1, 2);
  at::Tensor mixed;
  if (config.position == Position::relative) {
    mixed =
        relative_attention(parts[0].transpose(1, 2), parts[1].transpose(1, 2),
                           v, weights, positions, config);
  } else {
    mixed = rotary_attention(
        rotate(parts[0], positions.rotation).transpose(1, 2),
        rotate(parts[1], positions.rotation).transpose(1, 2), v, positions);
  }
  return at::linear(mixed.transpose(1, 2).reshape(
                        {x.size(0), config.heads * config.key_size}),
                    weights.output);
}

}  // namespace gato
