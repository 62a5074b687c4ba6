#include "gato/model/loss.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace gato {
namespace {

constexpr int64_t chunk_elements = 1 << 20;  // logits at a time
// Targets are filled up to a multiple of this: the products are compiled anew
// for every number of rows, which costs more than the rows do.
constexpr int64_t target_multiple = 64;

// Gaussians around bins, cut off at the range ends and normalised: row i is the
// target distribution of bin[i] (int64 [n]). fp32 [n, bins].
at::Tensor smooth_targets(const at::Tensor& bin, double deviation) {
  const at::Tensor bins =
      at::arange(Vocabulary::bins, bin.options().dtype(at::kFloat));
  const at::Tensor distance = (bins - bin.unsqueeze(1)).mul_(1 / deviation);
  return at::softmax(distance.square_().mul_(-0.5), 1);
}

struct Targets {
  at::Tensor label;       // int64 [T]
  at::Tensor weight;      // fp32 [T]
  at::Tensor continuous;  // bool [T]; undefined where nothing is smoothed
  double smoothing = 0;   // standard deviation in bins
  int64_t continuous_begin = 0;
  double logit_scale = 1;
};

// Cross entropy of n targets from their logits [n, size], which become the
// gradient of the cross entropy by the logits.
at::Tensor cross_entropy_(at::Tensor& logits, const Targets& targets,
                          int64_t first) {
  const int64_t n = logits.size(0);
  const at::Tensor label = targets.label.narrow(0, first, n);
  const at::Tensor normaliser = logits.logsumexp(1, true);
  logits.sub_(normaliser);
  at::Tensor entropy = -logits.gather(1, label.unsqueeze(1)).squeeze(1);
  if (!targets.continuous.defined()) {
    logits.exp_();
    logits.scatter_add_(1, label.unsqueeze(1),
                        at::full({n, 1}, -1.0, logits.options()));
    return entropy;
  }
  const at::Tensor spread =
      targets.continuous.narrow(0, first, n).nonzero().squeeze(1);
  const at::Tensor sharp =
      targets.continuous.narrow(0, first, n).logical_not().nonzero().squeeze(1);
  const at::Tensor distribution =
      smooth_targets(label.index_select(0, spread) - targets.continuous_begin,
                     targets.smoothing);
  at::Tensor bins =
      logits.narrow(1, targets.continuous_begin, Vocabulary::bins);
  entropy.index_copy_(0, spread,
                      -(bins.index_select(0, spread) * distribution).sum(1));
  logits.exp_();
  bins.index_add_(0, spread, distribution, -1);
  logits.index_put_({sharp, label.index_select(0, sharp)},
                    at::full({1}, -1.0, logits.options()), true);
  return entropy;
}

// Computes the gradients in the forward pass, while a chunk's logits are there.
class CrossEntropy : public torch::autograd::Function<CrossEntropy> {
 public:
  static torch::autograd::variable_list forward(
      torch::autograd::AutogradContext* context, const at::Tensor& hidden,
      const at::Tensor& table, const Targets& targets) {
    const int64_t count = hidden.size(0);
    const int64_t chunk =
        std::max<int64_t>(1, chunk_elements / table.size(0) / target_multiple) *
        target_multiple;
    const bool differentiate = hidden.requires_grad() || table.requires_grad();
    at::Tensor each = at::empty({count}, hidden.options().dtype(at::kFloat));
    at::Tensor hidden_gradient, table_gradient;
    if (differentiate) {
      hidden_gradient = at::empty_like(hidden);
      table_gradient =
          at::zeros(table.sizes(), table.options().dtype(at::kFloat));
    }
    for (int64_t first = 0; first < count; first += chunk) {
      const int64_t n = std::min(chunk, count - first);
      const at::Tensor part = hidden.narrow(0, first, n);
      at::Tensor logits =
          at::mm(part, table.t()).to(at::kFloat).mul_(targets.logit_scale);
      each.narrow(0, first, n).copy_(cross_entropy_(logits, targets, first));
      if (!differentiate) continue;
      const at::Tensor gradient =
          logits
              .mul_(targets.weight.narrow(0, first, n).unsqueeze(1) *
                    targets.logit_scale)
              .to(hidden.scalar_type());
      at::Tensor slice = hidden_gradient.narrow(0, first, n);
      at::mm_out(slice, gradient, table);
      table_gradient.add_(at::mm(gradient.t(), part));
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

Loss target_loss(const at::Tensor& hidden, const at::Tensor& table,
                 const Batch& batch, const ModelConfig& config,
                 const LossOptions& options) {
  const int64_t count = hidden.size(0);
  const int64_t missing =
      (target_multiple - count % target_multiple) % target_multiple;
  const auto filled = [&](const at::Tensor& x) {
    return at::constant_pad_nd(x, {0, missing});
  };
  Targets targets;
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
  const auto outputs = CrossEntropy::apply(
      at::constant_pad_nd(hidden, {0, 0, 0, missing}), table, targets);
  return {outputs[0], outputs[1].narrow(0, 0, count)};
}

}  // namespace gato
