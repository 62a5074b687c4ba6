// Each row is processed in blocks of C queries, which attend to the N keys up
// to the end of the block. All products of a block are batched over the H
// heads:
//
//   S = Qc K^T + shift(Qp D)            [H, C, N], D: distances N-1 down to 0
//   P = softmax(S + mask), O = P V      the mask covers the last C keys only
//
// As in FlashAttention (Dao et al. 2022), blocks keep the scores in the cache,
// and a causal mask halves the work. Unlike there, all keys of a query are in
// one block, so no running softmax is needed, and P is stored for the backward
// pass:
//
//   dV = P^T dO    dP = dO V^T    dS = P * (dP - rowsum(P * dP))
//   dQc = dS K     dK = dS^T Qc   dQp = shift'(dS) D^T   dD = Qp^T shift'(dS)
//
// where shift' is the gradient of the relative shift (relative_shift.h).
// Without relative positions, all terms with Qp and D are left out.
#include "gato/model/blockwise_attention.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "gato/model/relative_shift.h"

namespace gato::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Queries [begin, end) of a row, which attend to keys [0, end). The tensors
// that are sliced belong to one row: [H, L, K], and [H, K, L] for the
// distances.
struct QueryBlock {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }

  at::Tensor slice_queries(const at::Tensor& row) const {
    return row.narrow(1, begin, size());
  }
  at::Tensor slice_keys(const at::Tensor& row) const {
    return row.narrow(1, 0, end);
  }
  // Slices the distances end-1 down to 0, which are the last columns.
  at::Tensor slice_distances(const at::Tensor& distance_keys) const {
    return distance_keys.narrow(2, distance_keys.size(2) - end, end);
  }
};

// Calls visit(row, block) for all blocks, always in the same order.
template <class Visit>
void for_each_query_block(int64_t rows, int64_t length, int64_t block_size,
                          Visit visit) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t begin = 0; begin < length; begin += block_size) {
      visit(row, QueryBlock{begin, std::min(begin + block_size, length)});
    }
  }
}

// Returns P [H, C, N] of a block. `mask`, strictly upper triangular, applies to
// the last C keys; all earlier keys are visible. Position scores
// of keys after the query are meaningless, but masked.
at::Tensor compute_attention_probs(const BlockwiseAttentionInput& input,
                                   int64_t row, const QueryBlock& block,
                                   const at::Tensor& mask) {
  at::Tensor scores =
      at::bmm(block.slice_queries(input.content_queries[row]),
              block.slice_keys(input.keys[row]).transpose(1, 2));
  if (input.distance_keys.defined()) {
    const at::Tensor position_scores =
        at::bmm(block.slice_queries(input.position_queries[row]),
                block.slice_distances(input.distance_keys));
    scores.add_(relative_shift_view(position_scores));
  }
  scores.narrow(2, block.begin, block.size())
      .add_(mask.narrow(0, 0, block.size()).narrow(1, 0, block.size()));
  return at::softmax(scores, -1);
}

class BlockwiseAttentionFunction
    : public torch::autograd::Function<BlockwiseAttentionFunction> {
 public:
  static at::Tensor forward(AutogradContext* context,
                            const at::Tensor& content_queries,
                            const at::Tensor& keys, const at::Tensor& values,
                            const at::Tensor& position_queries,
                            const at::Tensor& distance_keys,
                            int64_t block_size) {
    const BlockwiseAttentionInput input = from_saved(
        {content_queries, keys, values, position_queries, distance_keys});
    const int64_t rows = keys.size(0), heads = keys.size(1),
                  length = keys.size(2);
    block_size = std::min(block_size, length);
    const at::Tensor mask =
        at::full({block_size, block_size}, -INFINITY, keys.options()).triu_(1);
    const at::Tensor result =  // [B, H, L, K], in memory [B, L, H, K]
        at::empty({rows, length, heads, values.size(3)}, values.options())
            .transpose(1, 2);
    variable_list saved = {content_queries, keys, values, position_queries,
                           distance_keys};
    const bool needs_gradient = content_queries.requires_grad();
    for_each_query_block(
        rows, length, block_size, [&](int64_t row, const QueryBlock& block) {
          const at::Tensor attention_probs =
              compute_attention_probs(input, row, block, mask);
          block.slice_queries(result[row])
              .copy_(at::bmm(attention_probs, block.slice_keys(values[row])));
          if (needs_gradient) {
            saved.push_back(attention_probs);
          }
        });
    context->save_for_backward(saved);
    context->saved_data["size"] = block_size;
    return result;
  }

  static variable_list backward(AutogradContext* context,
                                const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const BlockwiseAttentionInput input = from_saved(saved);
    InputGradients input_gradients(input);
    size_t next = 5;
    for_each_query_block(input.keys.size(0), input.keys.size(2),
                         context->saved_data["size"].toInt(),
                         [&](int64_t row, const QueryBlock& block) {
                           input_gradients.accumulate(
                               input, row, block, gradients[0], saved[next++]);
                         });
    const auto type = input.keys.scalar_type();
    return {input_gradients.content_queries,
            input_gradients.keys.to(type),
            input_gradients.values.to(type),
            input_gradients.position_queries,
            input_gradients.distance_keys.defined()
                ? input_gradients.distance_keys.to(type)
                : at::Tensor(),
            {}};
  }

 private:
  // LibTorch's functions take no undefined tensors, so tensors without elements
  // stand for them.
  static BlockwiseAttentionInput from_saved(const variable_list& saved) {
    BlockwiseAttentionInput input{saved[0], saved[1], saved[2], {}, {}};
    if (saved[4].numel() > 0) {
      input.position_queries = saved[3];
      input.distance_keys = saved[4];
    }
    return input;
  }

  // Gradients that are sums over blocks are fp32; the others have the type of
  // the input.
  struct InputGradients {
    at::Tensor content_queries, keys, values, position_queries, distance_keys;

    explicit InputGradients(const BlockwiseAttentionInput& input)
        : content_queries(at::empty_like(input.content_queries)),
          keys(at::zeros(input.keys.sizes(), at::kFloat)),
          values(at::zeros(input.values.sizes(), at::kFloat)) {
      if (input.distance_keys.defined()) {
        position_queries = at::empty_like(input.position_queries);
        distance_keys = at::zeros(input.distance_keys.sizes(), at::kFloat);
      }
    }

    // Computes the gradients of one block, and adds those of keys, values and
    // distance keys, to which several blocks contribute.
    void accumulate(const BlockwiseAttentionInput& input, int64_t row,
                    const QueryBlock& block, const at::Tensor& output_gradient,
                    const at::Tensor& attention_probs) {
      const at::Tensor block_gradient =
          block.slice_queries(output_gradient[row]);
      block.slice_keys(values[row])
          .add_(at::bmm(attention_probs.transpose(1, 2), block_gradient));
      const at::Tensor probs_gradient = at::bmm(
          block_gradient, block.slice_keys(input.values[row]).transpose(1, 2));
      const at::Tensor scores_gradient = at::_softmax_backward_data(
          probs_gradient, attention_probs, -1, attention_probs.scalar_type());
      block.slice_queries(content_queries[row])
          .copy_(at::bmm(scores_gradient, block.slice_keys(input.keys[row])));
      block.slice_keys(keys[row]).add_(
          at::bmm(scores_gradient.transpose(1, 2),
                  block.slice_queries(input.content_queries[row])));
      if (!distance_keys.defined()) {
        return;
      }
      const at::Tensor distance_scores_gradient =
          relative_shift_backward(scores_gradient, MaskedGradient::zero);
      block.slice_queries(position_queries[row])
          .copy_(at::bmm(
              distance_scores_gradient,
              block.slice_distances(input.distance_keys).transpose(1, 2)));
      block.slice_distances(distance_keys)
          .add_(at::bmm(
              block.slice_queries(input.position_queries[row]).transpose(1, 2),
              distance_scores_gradient));
    }
  };
};

}  // namespace

at::Tensor blockwise_attention(const BlockwiseAttentionInput& input,
                               int64_t block_size) {
  const auto defined = [&](const at::Tensor& tensor) {
    return tensor.defined() ? tensor : at::empty({0}, input.keys.options());
  };
  return BlockwiseAttentionFunction::apply(
      input.content_queries, input.keys, input.values,
      defined(input.position_queries), defined(input.distance_keys),
      block_size);
}

}  // namespace gato::model
