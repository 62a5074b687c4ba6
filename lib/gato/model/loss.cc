// The logits of all targets, [T, V], can take more memory than the rest of a
// training step, so they are computed in chunks of targets. The loss is a
// scalar, and its gradients are known up to a factor before the backward pass:
// the forward pass computes them while the logits of a chunk exist, and the
// backward pass only scales them. For a target with hidden state h, weight w
// and target distribution q, with p = softmax(s h W^T) and the logit scale s:
//
//   loss = -w sum_v q_v log p_v      d loss / d logits = w (p - q)
//   d loss / d h = w s (p - q) W     d loss / d W = w s (p - q)^T h
//
// q is one-hot, or, for continuous actions with smoothing, a Gaussian over the
// bins around the label.
#include "gato/model/loss.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace gato::model {
namespace {

// Maximum number of logits in a chunk. On a CPU they should stay in the cache;
// a GPU should be fully used. A chunk has at least kMinChunkTargets targets,
// since each chunk also reads and writes the gradient of the complete table.
constexpr int64_t kCpuChunkLogits = int64_t{1} << 20,
                  kGpuChunkLogits = int64_t{1} << 26;
constexpr int64_t kMinChunkTargets = 512;
constexpr int64_t kTargetMultiple = 64;  // pad_target_indices()
// On a GPU, products are several times slower for a table of 33,025 rows, the
// vocabulary of the paper, than for a multiple of eight.
constexpr int64_t kGpuTableMultiple = 64;

// Returns how much must be added to n to make it a multiple of `multiple`.
int64_t padding_to_multiple(int64_t multiple, int64_t n) {
  return (multiple - n % multiple) % multiple;
}

// Returns fp32 [n, 1024]: row i is a Gaussian around bin[i] (int64 [n]),
// truncated at the ends of the range and normalized. softmax(-z^2 / 2) is that
// Gaussian.
at::Tensor smoothed_distributions(const at::Tensor& bin, double stddev) {
  const at::Tensor bins =
      at::arange(data::Vocabulary::kBinCount, bin.options().dtype(at::kFloat));
  const at::Tensor distance = (bins - bin.unsqueeze(1)).mul_(1 / stddev);
  return at::softmax(distance.square_().mul_(-0.5), 1);
}

// The targets, padded to a multiple of kTargetMultiple with targets of weight
// 0.
struct Targets {
  int64_t vocabulary_size = 0;   // rows of the table that are not padding
  at::Tensor label;              // int64 [T]
  at::Tensor weight;             // fp32 [T]
  at::Tensor is_continuous;      // bool [T]; undefined without smoothing
  double smoothing = 0;          // standard deviation in bins
  int64_t continuous_begin = 0;  // id of the first bin
  double logit_scale = 1;
};

// Returns logits [n, rows of the table], -infinity for rows that are padding.
at::Tensor compute_logits(const at::Tensor& hidden, const at::Tensor& table,
                          int64_t vocabulary_size) {
  // A GPU accumulates bf16 products in fp32 and returns fp32 at no extra cost.
  at::Tensor logits = hidden.is_cpu() ? at::mm(hidden, table.t())
                                      : at::mm(hidden, table.t(), at::kFloat);
  if (table.size(0) > vocabulary_size) {
    logits.narrow(1, vocabulary_size, table.size(0) - vocabulary_size)
        .fill_(-INFINITY);
  }
  return logits;
}

// The cross entropy of n targets, fp32 [n], and its gradient with respect to
// their logits, p - q.
struct CrossEntropyResult {
  at::Tensor value, gradient;
};

// Returns the cross entropy of targets [first, first + n) given their logits
// [n, V], with the gradient in the given type.
CrossEntropyResult cross_entropy(const at::Tensor& logits, at::ScalarType type,
                                 const Targets& targets, int64_t first) {
  const int64_t n = logits.size(0);
  const at::Tensor label = targets.label.narrow(0, first, n).unsqueeze(1);
  const at::Tensor log_probs = at::log_softmax(logits, 1, at::kFloat);
  const at::Tensor label_log_probs = log_probs.gather(1, label);
  at::Tensor gradient = at::empty_like(logits, type);
  at::exp_out(gradient, log_probs);
  if (!targets.is_continuous.defined()) {
    // p - 1 at the label as expm1(log p): exact when p is close to 1.
    gradient.scatter_(1, label, label_log_probs.expm1().to(type));
    return {-label_log_probs.squeeze(1), gradient};
  }
  const at::Tensor is_smoothed = targets.is_continuous.narrow(0, first, n);
  const at::Tensor smoothed_rows = is_smoothed.nonzero().squeeze(1);
  const at::Tensor one_hot_rows =
      is_smoothed.logical_not().nonzero().squeeze(1);
  const at::Tensor distribution =
      smoothed_distributions(label.squeeze(1).index_select(0, smoothed_rows) -
                                 targets.continuous_begin,
                             targets.smoothing);
  const auto continuous_columns = [&](const at::Tensor& x) {
    return x.narrow(1, targets.continuous_begin, data::Vocabulary::kBinCount);
  };
  const at::Tensor smoothed_log_probs =
      continuous_columns(log_probs).index_select(0, smoothed_rows);
  const at::Tensor value =
      (-label_log_probs.squeeze(1))
          .index_copy_(0, smoothed_rows,
                       -(smoothed_log_probs * distribution).sum(1));
  continuous_columns(gradient).index_copy_(
      0, smoothed_rows, (smoothed_log_probs.exp() - distribution).to(type));
  gradient.index_put_(
      {one_hot_rows, label.squeeze(1).index_select(0, one_hot_rows)},
      label_log_probs.squeeze(1)
          .index_select(0, one_hot_rows)
          .expm1()
          .to(gradient.scalar_type()));
  return {value, gradient};
}

// forward() takes the hidden states [T, d] and the table [V, d], returns the
// weighted sum of the cross entropies and the cross entropy of each target, and
// saves the gradients.
class CrossEntropyFunction
    : public torch::autograd::Function<CrossEntropyFunction> {
 public:
  static torch::autograd::variable_list forward(
      torch::autograd::AutogradContext* context, const at::Tensor& hidden,
      const at::Tensor& table, const Targets& targets) {
    const int64_t count = hidden.size(0);
    const int64_t chunk_targets =
        std::max(kMinChunkTargets,
                 (hidden.is_cpu() ? kCpuChunkLogits : kGpuChunkLogits) /
                     table.size(0) / kTargetMultiple * kTargetMultiple);
    const bool needs_gradient = hidden.requires_grad() || table.requires_grad();
    at::Tensor per_target =
        at::empty({count}, hidden.options().dtype(at::kFloat));
    at::Tensor hidden_gradient, table_gradient;
    if (needs_gradient) {
      hidden_gradient = at::empty_like(hidden);
      table_gradient =
          at::zeros(table.sizes(), table.options().dtype(at::kFloat));
    }
    // The weights and the scale multiply tensors [n, d], never the much larger
    // logits [n, V].
    const at::Tensor scaled =
        targets.logit_scale == 1 ? hidden : hidden * targets.logit_scale;
    for (int64_t first = 0; first < count; first += chunk_targets) {
      const int64_t n = std::min(chunk_targets, count - first);
      const at::Tensor hidden_chunk = scaled.narrow(0, first, n);
      const CrossEntropyResult cross_entropy_result = cross_entropy(
          compute_logits(hidden_chunk, table, targets.vocabulary_size),
          hidden.scalar_type(), targets, first);
      per_target.narrow(0, first, n).copy_(cross_entropy_result.value);
      if (!needs_gradient) {
        continue;
      }
      const at::Tensor weight = targets.weight.narrow(0, first, n).unsqueeze(1);
      at::Tensor hidden_gradient_chunk = hidden_gradient.narrow(0, first, n);
      at::mm_out(hidden_gradient_chunk, cross_entropy_result.gradient, table);
      hidden_gradient_chunk.mul_(weight * targets.logit_scale);
      table_gradient.add_(
          at::mm(cross_entropy_result.gradient.t(),
                 (hidden_chunk * weight).to(hidden_chunk.scalar_type())));
    }
    if (needs_gradient) {
      context->save_for_backward(
          {hidden_gradient, table_gradient.to(table.scalar_type())});
    }
    context->mark_non_differentiable({per_target});
    return {(per_target * targets.weight).sum(), per_target};
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context,
      const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    return {(saved[0] * gradients[0]).to(saved[0].scalar_type()),
            (saved[1] * gradients[0]).to(saved[1].scalar_type()),
            {}};
  }
};

}  // namespace

at::Tensor pad_target_indices(const at::Tensor& target_indices) {
  return at::constant_pad_nd(
      target_indices,
      {0, padding_to_multiple(kTargetMultiple, target_indices.size(0))});
}

Loss target_loss(const at::Tensor& hidden, const at::Tensor& table,
                 const Batch& batch, const ModelConfig& config,
                 const LossOptions& options) {
  const int64_t count = hidden.size(0);
  const int64_t padding = padding_to_multiple(kTargetMultiple, count);
  const auto padded = [&](const at::Tensor& x) {
    return at::constant_pad_nd(x, {0, padding});
  };
  Targets targets;
  targets.vocabulary_size = table.size(0);
  targets.label = padded(batch.target_label);
  targets.weight =
      padded(batch.target_weight.defined()
                 ? batch.target_weight
                 : at::ones({count}, hidden.options().dtype(at::kFloat)));
  targets.logit_scale = config.logit_scale;
  targets.continuous_begin = config.vocabulary.continuous_begin();
  if (options.smoothing > 0) {
    targets.is_continuous = padded(batch.target_modality.eq(
        static_cast<int64_t>(data::Modality::continuous_action)));
    targets.smoothing = options.smoothing;
  }
  const int64_t table_padding =
      hidden.is_cpu()
          ? 0
          : padding_to_multiple(kGpuTableMultiple, targets.vocabulary_size);
  const auto outputs = CrossEntropyFunction::apply(
      at::constant_pad_nd(hidden, {0, 0, 0, padding}),
      at::constant_pad_nd(table, {0, 0, 0, table_padding}), targets);
  return {outputs[0], outputs[1].narrow(0, 0, count), {}};
}

}  // namespace gato::model
