// B rows, L tokens, H heads of K dimensions. Scores of query i and key j <= i:
//
//   rotary    q_i . k_j / sqrt(K), with rotated q and k (Su et al. 2021)
//   relative  ((q_i + u) . k_j + (q_i + v) . W R_(i-j)) / sqrt(K)
//
// The latter are terms (a) to (d) of Dai et al. 2019, section 3.3: u is
// `content_bias`, v `position_bias`, W `relative_projection` and R_(i-j) the
// sinusoids of the distance. The second product is computed for all distances
// and then shifted (relative_shift.h).
//
// There are several kernels. Only plain products store the complete matrix of
// probabilities [L, L].
//
//   rotary, CPU, L <= 128      plain products
//   rotary, CPU, L > 128       blockwise_attention(): forward and backward take
//                              0.6 of the time of PyTorch's kernel for CPUs
//   rotary, GPU                scaled_dot_product_attention of PyTorch
//   relative, CPU              blockwise_attention()
//   relative, GPU, L % 8 == 0  memory-efficient attention of PyTorch, with the
//                              position scores as its bias
//   relative, GPU, other L     plain products
//   separate documents         plain products
#include "gato/model/attention.h"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <tuple>
#include <utility>

#include "gato/model/batch.h"
#include "gato/model/blockwise_attention.h"
#include "gato/model/relative_shift.h"

namespace gato::model {
namespace {

// Up to this many tokens plain products are faster than the fused kernel,
// forward and backward, in fp32 and bf16 (measured on a CPU).
constexpr int64_t kMaxPlainAttentionLength = 128;

// The queries, keys and values of a layer, [B, H, L, K] each.
struct QueryKeyValue {
  at::Tensor q, k, v;
};

// Splits qkv [B*L, 3*H*K] by head and rotates queries and keys if there is a
// rotation. As an autograd function of its own, it changes the layout of all
// three with a single copy on a CPU, both forward and backward.
class SplitHeads : public torch::autograd::Function<SplitHeads> {
 public:
  static torch::autograd::variable_list forward(
      torch::autograd::AutogradContext* context, const at::Tensor& qkv,
      const RotaryEmbedding& rotation, int64_t length, int64_t heads) {
    context->saved_data["length"] = length;
    context->saved_data["heads"] = heads;
    context->save_for_backward({rotation.cosine, rotation.sine});
    at::Tensor qkv_by_head = view_by_head(qkv, length, heads);
    if (qkv.is_cpu()) {
      qkv_by_head = qkv_by_head.contiguous();
    }
    if (!rotation.cosine.defined()) {
      return qkv_by_head.unbind(0);
    }
    const auto rotated =
        apply_rotary_embedding(qkv_by_head.narrow(0, 0, 2), rotation).unbind(0);
    return {rotated[0], rotated[1], qkv_by_head[2]};
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
    at::Tensor qkv_by_head = view_by_head(qkv, length, heads);
    if (rotation[0].defined()) {  // the transposed rotation negates the sines
      qkv_by_head.narrow(0, 0, 2).copy_(
          apply_rotary_embedding(at::stack({gradients[0], gradients[1]}),
                                 {rotation[0], rotation[1].neg()}));
    } else {
      qkv_by_head[0].copy_(gradients[0]);
      qkv_by_head[1].copy_(gradients[1]);
    }
    qkv_by_head[2].copy_(gradients[2]);
    return {qkv, {}, {}, {}};
  }

 private:
  // A view [3, B, H, L, K] of [B*L, 3*H*K].
  static at::Tensor view_by_head(const at::Tensor& qkv, int64_t length,
                                 int64_t heads) {
    return qkv.view({-1, length, 3, heads, qkv.size(1) / (3 * heads)})
        .permute({2, 0, 3, 1, 4});
  }
};

// Returns softmax(scores + mask) v: [B, H, L, K] for scores [B, H, L, L].
at::Tensor weighted_values(const at::Tensor& scores, const at::Tensor& v,
                           const at::Tensor& mask) {
  return at::matmul(at::softmax(scores + mask, -1), v);
}

// Returns the mask of rows whose documents `segments`, [B*L], names.
at::Tensor document_mask(const at::Tensor& causal_mask,
                         const at::Tensor& segments) {
  const int64_t length = causal_mask.size(0);
  const at::Tensor keys = segments.view({-1, 1, 1, length}),
                   queries = segments.view({-1, 1, length, 1});
  return causal_mask.masked_fill(
      keys.ne(queries).logical_and(keys.ne(Batch::kPromptSegment)), -INFINITY);
}

// Passes the position scores to the kernel as a bias [B, H, L, L], the only
// matrix of this size that is stored.
at::Tensor relative_attention_on_gpu(const at::Tensor& content_queries,
                                     const at::Tensor& position_queries,
                                     const at::Tensor& distance_keys,
                                     const QueryKeyValue& x) {
  const int64_t rows = x.q.size(0), heads = x.q.size(1), length = x.q.size(2);
  // One product per head for all rows: [H, B*L, K] x [H, K, L].
  const at::Tensor scores =
      at::bmm(
          position_queries.transpose(0, 1).reshape({heads, rows * length, -1}),
          distance_keys)
          .view({heads, rows, length, length});
  const at::Tensor bias = relative_shift(scores).transpose(0, 1);
  return std::get<0>(at::_scaled_dot_product_efficient_attention(
      content_queries, x.k, x.v, bias,
      /*compute_log_sumexp=*/content_queries.requires_grad(), 0.0,
      /*is_causal=*/true, /*scale=*/1.0));
}

// Returns the weighted values [B, H, L, K].
at::Tensor relative_attention(const QueryKeyValue& x,
                              const BlockWeights& weights,
                              const PositionTables& positions,
                              const ModelConfig& config) {
  const int64_t heads = config.heads, key_size = config.key_size;
  const at::Tensor distance_keys =
      at::linear(positions.sinusoids, weights.relative_projection)
          .view({-1, heads, key_size})
          .permute({1, 2, 0});  // [H, K, L]
  // Returns (q + bias) / sqrt(K), [B, H, L, K], for a bias [H, K].
  const auto scaled_queries = [&](const at::Tensor& bias) {
    return ((x.q + bias.view({heads, 1, key_size})) * (1 / std::sqrt(key_size)))
        .to(x.q.scalar_type());
  };
  const at::Tensor content_queries = scaled_queries(weights.content_bias);
  const at::Tensor position_queries = scaled_queries(weights.position_bias);
  if (!positions.separates_documents()) {
    if (x.q.is_cpu()) {
      return blockwise_attention(
          {content_queries, x.k, x.v, position_queries, distance_keys});
    }
    if (x.q.size(2) % Batch::kGpuLengthMultiple == 0) {
      return relative_attention_on_gpu(content_queries, position_queries,
                                       distance_keys, x);
    }
  }
  return weighted_values(
      at::matmul(content_queries, x.k.transpose(-2, -1)) +
          relative_shift(at::matmul(position_queries, distance_keys)),
      x.v, positions.mask);
}

// Returns the weighted values [B, H, L, K]. The rotation has scaled the
// queries.
at::Tensor rotary_attention(const QueryKeyValue& x,
                            const PositionTables& positions) {
  if (!positions.separates_documents()) {
    if (!x.q.is_cpu()) {
      return at::scaled_dot_product_attention(
          x.q, x.k, x.v, {}, 0.0, /*is_causal=*/true, /*scale=*/1.0);
    }
    if (x.q.size(2) > kMaxPlainAttentionLength) {
      return blockwise_attention({x.q, x.k, x.v, {}, {}});
    }
  }
  return weighted_values(at::matmul(x.q, x.k.transpose(-2, -1)), x.v,
                         positions.mask);
}

}  // namespace

PositionTables::PositionTables(const ModelConfig& config, int64_t length,
                               const at::Tensor& like,
                               const at::Tensor& segments) {
  if (config.position == PositionEncoding::relative) {
    sinusoids = relative_sinusoids(length, config.width).to(like.options());
  } else {
    const RotaryEmbedding rotary =
        rotary_embedding(at::arange(length, at::kLong), config.key_size);
    const auto for_queries_and_keys = [&](const at::Tensor& table) {
      return at::stack({table / std::sqrt(config.key_size), table})
          .view({2, 1, 1, length, config.key_size})
          .to(like.options());
    };
    rotation = {for_queries_and_keys(rotary.cosine),
                for_queries_and_keys(rotary.sine)};
  }
  mask = at::full({length, length}, -INFINITY, like.options()).triu_(1);
  if (segments.defined()) {
    mask = document_mask(mask, segments);
  }
}

at::Tensor causal_self_attention(const at::Tensor& x,
                                 const BlockWeights& weights,
                                 const PositionTables& positions,
                                 const ModelConfig& config,
                                 const at::Tensor& output_indices) {
  const auto split =
      SplitHeads::apply(at::linear(x, weights.qkv), positions.rotation,
                        positions.length(), config.heads);
  const QueryKeyValue qkv{split[0], split[1], split[2]};
  const at::Tensor values =
      config.position == PositionEncoding::relative
          ? relative_attention(qkv, weights, positions, config)
          : rotary_attention(qkv, positions);
  const at::Tensor concatenated = values.transpose(1, 2).reshape(
      {x.size(0), config.heads * config.key_size});
  return at::linear(output_indices.defined()
                        ? at::embedding(concatenated, output_indices)
                        : concatenated,
                    weights.attention_output);
}

}  // namespace gato::model
