#include "gato/model/attention.h"

#include <torch/csrc/autograd/custom_function.h>

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

// Queries, keys and values of a layer, [B, H, L, K] each.
struct Heads {
  at::Tensor q, k, v;
};

// Splits qkv [B*L, 3HK] and rotates queries and keys where there is a rotation.
// One copy brings all three into the layout that the products read, forward and
// backward.
class SplitHeads : public torch::autograd::Function<SplitHeads> {
 public:
  static torch::autograd::variable_list forward(
      torch::autograd::AutogradContext* context, const at::Tensor& qkv,
      const Rotation& rotation, int64_t length, int64_t heads) {
    context->saved_data["length"] = length;
    context->saved_data["heads"] = heads;
    context->save_for_backward({rotation.cosine, rotation.sine});
    const at::Tensor parts = by_head(qkv, length, heads).contiguous();
    if (!rotation.cosine.defined()) return parts.unbind(0);
    const auto rotated = rotate(parts.narrow(0, 0, 2), rotation).unbind(0);
    return {rotated[0], rotated[1], parts[2]};
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context,
      const torch::autograd::variable_list& gradients) {
    const int64_t length = context->saved_data["length"].toInt();
    const int64_t heads = context->saved_data["heads"].toInt();
    const auto rotation = context->get_saved_variables();
    const at::Tensor& like = gradients[0];
    const at::Tensor qkv = at::empty(
        {like.size(0) * length, 3 * heads * like.size(3)}, like.options());
    at::Tensor parts = by_head(qkv, length, heads);
    at::Tensor qk = at::stack({gradients[0], gradients[1]});
    if (rotation[0].defined())
      qk = rotate(qk, {rotation[0], rotation[1].neg()});
    parts.narrow(0, 0, 2).copy_(qk);
    parts[2].copy_(gradients[2]);
    return {qkv, {}, {}, {}};
  }

 private:
  // A view [3, B, H, L, K].
  static at::Tensor by_head(const at::Tensor& qkv, int64_t length,
                            int64_t heads) {
    return qkv.view({-1, length, 3, heads, qkv.size(1) / (3 * heads)})
        .permute({2, 0, 3, 1, 4});
  }
};

// Weighted values [B, H, L, K] of scores [B, H, L, L] that the mask is added
// to.
at::Tensor mix(const at::Tensor& scores, const at::Tensor& v,
               const at::Tensor& mask) {
  return at::matmul(at::softmax(scores + mask, -1), v);
}

at::Tensor relative_attention(const Heads& x, const BlockWeights& weights,
                              const RowPositions& positions,
                              const ModelConfig& config) {
  const int64_t heads = config.heads, size = config.key_size;
  const at::Tensor relative = at::linear(positions.sinusoids, weights.relative)
                                  .view({-1, heads, size})
                                  .permute({1, 2, 0});  // [H, K, L]
  const auto biased = [&](const at::Tensor& bias) {
    return ((x.q + bias.view({heads, 1, size})) * (1 / std::sqrt(size)))
        .to(x.q.scalar_type());
  };
  const at::Tensor content =
      at::matmul(biased(weights.content_bias), x.k.transpose(-2, -1));
  const at::Tensor position =
      relative_shift(at::matmul(biased(weights.position_bias), relative));
  return mix(content + position, x.v, positions.mask);
}

at::Tensor rotary_attention(const Heads& x, const RowPositions& positions) {
  if (x.q.size(2) > longest_plain)
    return at::scaled_dot_product_attention(x.q, x.k, x.v, {}, 0.0,
                                            /*is_causal=*/true, /*scale=*/1.0);
  return mix(at::matmul(x.q, x.k.transpose(-2, -1)), x.v, positions.mask);
}

}  // namespace

RowPositions::RowPositions(const ModelConfig& config, int64_t length,
                           const at::Tensor& like) {
  if (config.position == Position::relative) {
    sinusoids = relative_sinusoids(length, config.width).to(like.options());
  } else {
    const Rotation plain =
        rotation_at(at::arange(length, at::kLong), config.key_size);
    const auto of_both = [&](const at::Tensor& table) {
      return at::stack({table / std::sqrt(config.key_size), table})
          .view({2, 1, 1, length, config.key_size})
          .to(like.options());
    };
    rotation = {of_both(plain.cosine), of_both(plain.sine)};
  }
  mask = at::full({length, length}, -INFINITY, like.options()).triu_(1);
}

at::Tensor attend(const at::Tensor& x, const BlockWeights& weights,
                  const RowPositions& positions, const ModelConfig& config,
                  int64_t length) {
  const auto parts = SplitHeads::apply(
      at::linear(x, weights.qkv), positions.rotation, length, config.heads);
  const Heads heads{parts[0], parts[1], parts[2]};
  const at::Tensor mixed =
      config.position == Position::relative
          ? relative_attention(heads, weights, positions, config)
          : rotary_attention(heads, positions);
  return at::linear(mixed.transpose(1, 2).reshape(
                        {x.size(0), config.heads * config.key_size}),
                    weights.output);
}

}  // namespace gato
