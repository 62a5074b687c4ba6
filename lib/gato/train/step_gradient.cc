#include "gato/train/step_gradient.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gato/base/ordered_thread_pool.h"
#include "gato/train/gradient_accumulator.h"

namespace gato::train {
namespace {

// Computes the loss of a micro-batch and adds its gradients to `accumulator`.
// The loss is undefined if there are no targets.
model::Loss compute_micro_batch(const model::Network& network,
                                const StepBatch& step, size_t index,
                                const StepGradientOptions& options,
                                GradientAccumulator& accumulator) {
  const MicroBatch& micro_batch = step.micro_batches[index];
  model::Loss result;
  if (micro_batch.batch.target_index.numel() > 0) {
    const model::Regularization regularization{
        .stochastic_depth = options.stochastic_depth,
        .dropout = options.dropout,
        .seed = options.seed,
        .step = static_cast<uint64_t>(step.step),
        .first_row = micro_batch.first_row};
    const model::Loss loss =
        network.loss(micro_batch.batch.to(network.device()), regularization,
                     {.smoothing = options.target_smoothing});
    network.backward(loss, [&](size_t parameter, at::Tensor gradient) {
      accumulator.add(index, parameter, std::move(gradient));
    });
    result = {loss.total.detach(), loss.per_target, {}};
  }
  accumulator.finish(index);
  return result;
}

}  // namespace

int64_t worker_count(at::Device device, int64_t micro_batches,
                     int64_t threads) {
  return device.is_cpu() ? std::clamp<int64_t>(micro_batches, 1, threads) : 1;
}

StepLoss compute_step_gradient(
    const model::Network& network, const StepBatch& step,
    const StepGradientOptions& options, at::Tensor& gradients, LossTable& table,
    const std::function<void(size_t)>& on_parameter_ready) {
  gradients.zero_();
  const int64_t workers = worker_count(
      network.device(), std::ssize(step.micro_batches), options.threads);
  GradientAccumulator accumulator(network, gradients, step.micro_batches.size(),
                                  on_parameter_ready);
  std::vector<model::Loss> losses(step.micro_batches.size());
  const auto compute =
      [&](size_t index) -> base::OrderedThreadPool::Completion {
    at::set_num_threads(static_cast<int>(options.threads / workers));
    losses[index] =
        compute_micro_batch(network, step, index, options, accumulator);
    return {};
  };
  base::OrderedThreadPool pool(workers, 1);
  for (size_t index = 0; index < step.micro_batches.size(); ++index) {
    pool.submit([&compute, index](int64_t) { return compute(index); });
  }
  pool.wait_all();
  // Losses are read only after all micro-batches, because reading one blocks
  // until the GPU has computed it.
  StepLoss result;
  for (size_t index = 0; index < losses.size(); ++index) {
    if (!losses[index].total.defined()) {
      continue;
    }
    const float loss = losses[index].total.item<float>();
    result.total_loss += loss;
    if (!std::isfinite(loss)) {
      result.non_finite_micro_batches.push_back(index);
    }
    table.add(step.micro_batches[index].batch, losses[index].per_target);
  }
  return result;
}

}  // namespace gato::train
