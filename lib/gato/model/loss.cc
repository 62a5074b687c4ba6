#include "gato/model/loss.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace gato {
namespace {

// Logits at a time: on a CPU those of a chunk stay in its cache, a GPU is to be
// filled. But no fewer targets than these: every chunk reads and writes the
// gradient of the whole table, which is then what takes the time.
constexpr int64_t cpu_chunk = int64_t{1} << 20, gpu_chunk = int64_t{1} << 26;
constexpr int64_t least_chunk_targets = 512;
constexpr int64_t target_multiple = 64;  // padded_places()
// The products of GPUs are several times slower for a table of 33,025 rows, the
// ids of the paper, than for one of a multiple of eight.
constexpr int64_t gpu_table_multiple = 64;

// What n lacks to be a multiple.
int64_t missing_to(int64_t multiple, int64_t n) {
  return (multiple - n % multiple) % multiple;
}

// Gaussians around bins, cut off at the range ends and normalised: row i is the
// target distribution of bin[i] (int64 [n]). fp32 [n, bins].
at::Tensor smooth_targets(const at::Tensor& bin, double deviation) {
  const at::Tensor bins =
      at::arange(Vocabulary::bins, bin.options().dtype(at::kFloat));
  const at::Tensor distance = (bins - bin.unsqueeze(1)).mul_(1 / deviation);
  return at::softmax(distance.square_().mul_(-0.5), 1);
}

struct Targets {
  int64_t ids = 0;        // rows of the table that are ids
  at::Tensor label;       // int64 [T]
  at::Tensor weight;      // fp32 [T]
  at::Tensor continuous;  // bool [T]; undefined where nothing is smoothed
  double smoothing = 0;   // standard deviation in bins
  int64_t continuous_begin = 0;
  double logit_scale = 1;
};

// [n, rows of the table]; -infinity at rows that are no ids.
at::Tensor logits_of(const at::Tensor& hidden, const at::Tensor& table,
                     int64_t ids) {
  // A GPU gives the sums of its products at no cost.
  at::Tensor logits = hidden.is_cpu() ? at::mm(hidden, table.t())
                                      : at::mm(hidden, table.t(), at::kFloat);
  if (table.size(0) > ids)
    logits.narrow(1, ids, table.size(0) - ids).fill_(-INFINITY);
  return logits;
}

// Cross entropy of some targets, fp32 [n], and its gradient by their logits.
struct Entropy {
  at::Tensor value, gradient;
};

// Of the targets from `first` on, by their logits [n, size]; the gradient in
// the given type.
Entropy cross_entropy(const at::Tensor& logits, at::ScalarType type,
                      const Targets& targets, int64_t first) {
  const int64_t n = logits.size(0);
  const at::Tensor label = targets.label.narrow(0, first, n).unsqueeze(1);
  const at::Tensor chance = at::log_softmax(logits, 1, at::kFloat);
  const at::Tensor at_label = chance.gather(1, label);
  at::Tensor gradient = at::empty_like(logits, type);
  at::exp_out(gradient, chance);
  if (!targets.continuous.defined()) {
    gradient.scatter_(1, label, at_label.expm1().to(type));
    return {-at_label.squeeze(1), gradient};
  }
  const at::Tensor is_spread = targets.continuous.narrow(0, first, n);
  const at::Tensor spread = is_spread.nonzero().squeeze(1);
  const at::Tensor sharp = is_spread.logical_not().nonzero().squeeze(1);
  const at::Tensor distribution = smooth_targets(
      label.squeeze(1).index_select(0, spread) - targets.continuous_begin,
      targets.smoothing);
  const auto bins_of = [&](const at::Tensor& x) {
    return x.narrow(1, targets.continuous_begin, Vocabulary::bins);
  };
  const at::Tensor spread_chance = bins_of(chance).index_select(0, spread);
  const at::Tensor value =
      (-at_label.squeeze(1))
          .index_copy_(0, spread, -(spread_chance * distribution).sum(1));
  bins_of(gradient).index_copy_(0, spread,
                                (spread_chance.exp() - distribution).to(type));
  gradient.index_put_({sharp, label.squeeze(1).index_select(0, sharp)},
                      at_label.squeeze(1).index_select(0, sharp).expm1().to(
                          gradient.scalar_type()));
  return {value, gradient};
}

// Computes the gradients in the forward pass, while a chunk's logits are there.
class CrossEntropy : public torch::autograd::Function<CrossEntropy> {
 public:
  static torch::autograd::variable_list forward(
      torch::autograd::AutogradContext* context, const at::Tensor& hidden,
      const at::Tensor& table, const Targets& targets) {
    const int64_t count = hidden.size(0);
    const int64_t chunk =
        std::max(least_chunk_targets,
                 (hidden.is_cpu() ? cpu_chunk : gpu_chunk) / table.size(0) /
                     target_multiple * target_multiple);
    const bool differentiate = hidden.requires_grad() || table.requires_grad();
    at::Tensor each = at::empty({count}, hidden.options().dtype(at::kFloat));
    at::Tensor hidden_gradient, table_gradient;
    if (differentiate) {
      hidden_gradient = at::empty_like(hidden);
      table_gradient =
          at::zeros(table.sizes(), table.options().dtype(at::kFloat));
    }
    // Weights and scale go to the narrow factors of the products, never to the
    // logits.
    const at::Tensor scaled =
        targets.logit_scale == 1 ? hidden : hidden * targets.logit_scale;
    for (int64_t first = 0; first < count; first += chunk) {
      const int64_t n = std::min(chunk, count - first);
      const at::Tensor part = scaled.narrow(0, first, n);
      const Entropy entropy =
          cross_entropy(logits_of(part, table, targets.ids),
                        hidden.scalar_type(), targets, first);
      each.narrow(0, first, n).copy_(entropy.value);
      if (!differentiate) continue;
      const at::Tensor weight = targets.weight.narrow(0, first, n).unsqueeze(1);
      at::Tensor slice = hidden_gradient.narrow(0, first, n);
      at::mm_out(slice, entropy.gradient, table);
      slice.mul_(weight * targets.logit_scale);
      table_gradient.add_(
          at::mm(entropy.gradient.t(), (part * weight).to(part.scalar_type())));
    }
    if (differentiate)
      context->save_for_backward(
          {hidden_gradient, table_gradient.to(table.scalar_type())});
    context->mark_non_differentiable({each});
    return {(each * targets.weight).sum(), each};
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

at::Tensor padded_places(const at::Tensor& places) {
  return at::constant_pad_nd(places,
                             {0, missing_to(target_multiple, places.size(0))});
}

Loss target_loss(const at::Tensor& hidden, const at::Tensor& table,
                 const Batch& batch, const ModelConfig& config,
                 const LossOptions& options) {
  const int64_t count = hidden.size(0);
  const int64_t missing = missing_to(target_multiple, count);
  const auto filled = [&](const at::Tensor& x) {
    return at::constant_pad_nd(x, {0, missing});
  };
  Targets targets;
  targets.ids = table.size(0);
  targets.label = filled(batch.target_label);
  targets.weight =
      filled(batch.target_weight.defined()
                 ? batch.target_weight
                 : at::ones({count}, hidden.options().dtype(at::kFloat)));
  targets.logit_scale = config.logit_scale;
  targets.continuous_begin = config.vocabulary.continuous_begin();
  if (options.smoothing > 0) {
    targets.continuous = filled(batch.target_modality.eq(
        static_cast<int64_t>(Modality::continuous_action)));
    targets.smoothing = options.smoothing;
  }
  const int64_t empty_rows =
      hidden.is_cpu() ? 0 : missing_to(gpu_table_multiple, targets.ids);
  const auto outputs = CrossEntropy::apply(
      at::constant_pad_nd(hidden, {0, 0, 0, missing}),
      at::constant_pad_nd(table, {0, 0, 0, empty_rows}), targets);
  return {outputs[0], outputs[1].narrow(0, 0, count), {}};
}

}  // namespace gato
