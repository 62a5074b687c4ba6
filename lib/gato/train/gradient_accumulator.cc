#include "gato/train/gradient_accumulator.h"

#include <utility>

namespace gato::train {

GradientAccumulator::GradientAccumulator(
    const model::Network& network, at::Tensor flat, size_t micro_batch_count,
    std::function<void(size_t)> on_parameter_ready)
    : network_(network),
      flat_gradient_(std::move(flat)),
      micro_batch_count_(micro_batch_count),
      on_parameter_ready_(std::move(on_parameter_ready)),
      parameter_sums_(network.parameters().size()),
      has_gradient_(micro_batch_count,
                    std::vector<bool>(parameter_sums_.size())) {}

void GradientAccumulator::add(size_t micro_batch, size_t parameter,
                              at::Tensor gradient) {
  has_gradient_[micro_batch][parameter] = true;
  accumulate_in_order(micro_batch, parameter, std::move(gradient));
}

// Visits the parameters in reverse, so that on_parameter_ready_ is called in
// about the order of the backward pass.
void GradientAccumulator::finish(size_t micro_batch) {
  for (size_t parameter = parameter_sums_.size(); parameter-- > 0;) {
    if (!has_gradient_[micro_batch][parameter]) {
      accumulate_in_order(micro_batch, parameter, {});
    }
  }
}

// Adds the gradient of `micro_batch` (undefined: none) when all micro-batches
// before it have been added, and then any later ones that were waiting for it.
// The thread that adds the last one reports the parameter as ready.
void GradientAccumulator::accumulate_in_order(size_t micro_batch,
                                              size_t parameter,
                                              at::Tensor gradient) {
  ParameterSum& sum = parameter_sums_[parameter];
  {
    const std::lock_guard lock(sum.mutex);
    sum.pending.emplace(micro_batch, std::move(gradient));
    for (auto first = sum.pending.begin();
         first != sum.pending.end() && first->first == sum.next_micro_batch;
         first = sum.pending.erase(first), ++sum.next_micro_batch) {
      const at::Tensor& next = first->second;
      if (!next.defined()) {
        continue;
      }
      flat_gradient_
          .narrow(0, network_.parameter_offset(parameter), next.numel())
          .view(next.sizes())
          .add_(next);
    }
    if (sum.next_micro_batch < micro_batch_count_ || !on_parameter_ready_) {
      return;
    }
  }
  const std::lock_guard lock(callback_mutex_);
  on_parameter_ready_(parameter);
}

}  // namespace gato::train
