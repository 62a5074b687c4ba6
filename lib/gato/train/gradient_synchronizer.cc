#include "gato/train/gradient_synchronizer.h"

#include <cmath>

#include "gato/data/tokens.h"
#include "gato/train/flat_buffer.h"

// Every step has two all-reduces besides those of the gradient buckets: the
// target counts before the backward pass, and the loss, the stop request and
// the squared gradient norm after it.
namespace gato::train {

GradientSynchronizer::GradientSynchronizer(ProcessGroup& process_group,
                                           const model::Network& network,
                                           LossReduction loss_reduction,
                                           int64_t task_count, bool is_sharded)
    : process_group_(process_group),
      loss_reduction_(loss_reduction),
      task_count_(task_count),
      is_sharded_(is_sharded && !process_group.is_single_process()),
      buckets_(process_group, network, is_sharded_) {}

void GradientSynchronizer::set_global_target_weights(StepBatch& step) const {
  if (process_group_.is_single_process()) {
    return;
  }
  TargetCounts counts = count_targets(step, loss_reduction_);
  // int64 [2 + tasks x modalities]: the tokens, the targets, and the targets of
  // every task and modality, so that one all-reduce suffices.
  at::Tensor flat_counts =
      at::zeros({2 + task_count_ * LossTable::kModalityCount}, at::kLong);
  auto* const values = flat_counts.data_ptr<int64_t>();
  values[0] = step.token_count;
  values[1] = step.target_count;
  for (const auto& [task, modalities] : counts) {
    for (const auto& [modality, targets] : modalities) {
      values[2 + task * LossTable::kModalityCount + modality] = targets;
    }
  }
  process_group_.all_reduce(flat_counts);
  step.token_count = values[0];
  step.target_count = values[1];
  counts.clear();
  for (int64_t index = 0; index < task_count_ * LossTable::kModalityCount;
       ++index) {
    if (values[2 + index] == 0) {
      continue;
    }
    counts[static_cast<int32_t>(index / LossTable::kModalityCount)]
          [static_cast<uint8_t>(index % LossTable::kModalityCount)] =
              values[2 + index];
  }
  set_target_weights(step, loss_reduction_, counts);
}

std::function<void(size_t)> GradientSynchronizer::gradient_ready_callback(
    Optimizer& optimizer) {
  if (process_group_.is_single_process()) {
    return {};
  }
  return [this, gradients = optimizer.gradients()](size_t parameter) {
    buckets_.mark_ready(parameter, gradients);
  };
}

StepTotals GradientSynchronizer::all_reduce_step(Optimizer& optimizer,
                                                 double loss,
                                                 bool should_stop) {
  if (process_group_.is_single_process()) {
    return {loss, l2_norm(optimizer.gradients()), should_stop};
  }
  buckets_.finish(optimizer.gradients());
  // If sharded, each rank has the sum of its shard only, and the squared norms
  // of the shards add up to that of the gradient. Otherwise every rank has the
  // complete gradient and values[2] is not used.
  const double norm = l2_norm(optimizer.slice().narrow(optimizer.gradients()));
  at::Tensor sums = at::zeros({3}, at::kDouble);
  auto* const values = sums.data_ptr<double>();
  values[0] = loss;
  values[1] = should_stop ? 1 : 0;
  values[2] = norm * norm;
  process_group_.all_reduce(sums);
  return {values[0], is_sharded_ ? std::sqrt(values[2]) : norm, values[1] > 0};
}

void GradientSynchronizer::all_gather_parameters(Optimizer& optimizer) const {
  if (!is_sharded_) {
    return;
  }
  const ShardLayout slices{optimizer.parameters().numel(),
                           process_group_.size()};
  process_group_.all_gather(
      slices.equal_shards().narrow(optimizer.parameters()));
  // All-gather requires equal lengths. The remainder belongs to the last rank.
  if (slices.remainder().size() > 0) {
    process_group_.broadcast(slices.remainder().narrow(optimizer.parameters()),
                             process_group_.size() - 1);
  }
}

LossTable GradientSynchronizer::all_reduce_losses(
    const LossTable& local_losses) const {
  if (process_group_.is_single_process()) {
    return local_losses;
  }
  const at::Tensor sums = local_losses.to_tensor(task_count_);
  process_group_.all_reduce(sums);
  return LossTable(sums);
}

}  // namespace gato::train
