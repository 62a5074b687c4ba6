#include "gato/train/optimizer.h"

#include "gato/base/error.h"
#include "gato/train/adamw.h"
#include "gato/train/muon.h"

namespace gato::train {

Optimizer::Optimizer(const OptimizerOptions& options,
                     const at::Tensor& parameters,
                     std::optional<FlatSlice> slice)
    : options_(options), parameters_(parameters.detach()) {
  gradients_ = at::zeros_like(parameters_);
  state_.slice = slice.value_or(FlatSlice{0, parameters_.numel()});
  for (at::Tensor* moment : {&state_.first_moment, &state_.second_moment}) {
    *moment = at::zeros_like(state_.slice.narrow(parameters_));
  }
}

void Optimizer::step(double learning_rate, double gradient_norm) {
  if (options_.max_gradient_norm > 0 &&
      gradient_norm > options_.max_gradient_norm) {
    state_.slice.narrow(gradients_)
        .mul_(options_.max_gradient_norm / gradient_norm);
  }
  ++state_.updates;
  update(learning_rate);
}

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options,
                                          const model::Network& network,
                                          std::optional<FlatSlice> slice) {
  if (options.kind == OptimizerKind::adamw) {
    return std::make_unique<AdamW>(options, network.flat_parameters(),
                                   network.decayed_parameter_count(), slice);
  }
  if (slice && slice->size() < network.parameter_count()) {
    throw base::usage_error(
        "Muon updates entire matrices, which shards of the optimizer divide");
  }
  return std::make_unique<Muon>(options, network.flat_parameters(),
                                network.decayed_parameter_count(),
                                hidden_matrices(network));
}

}  // namespace gato::train
