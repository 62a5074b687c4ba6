// The communication between ranks in a training step. A single process
// communicates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "gato/model/network.h"
#include "gato/train/distributed/process_group.h"
#include "gato/train/gradient_buckets.h"
#include "gato/train/input/batch_loader.h"
#include "gato/train/loss_table.h"
#include "gato/train/optimizer.h"

namespace gato::train {

// Totals of a step over all ranks, the same on every rank.
struct StepTotals {
  double loss = 0, gradient_norm = 0;
  bool should_stop = false;  // whether any rank was asked to stop
};

// Called in this order in every step: set_global_target_weights(), then the
// gradient_ready_callback() while gradients are computed, all_reduce_step(),
// and all_gather_parameters() after the update.
class GradientSynchronizer {
 public:
  // `task_count` is the number of tasks in the data. If `is_sharded`, each
  // rank's optimizer has one shard (ShardLayout).
  GradientSynchronizer(ProcessGroup& process_group,
                       const model::Network& network,
                       LossReduction loss_reduction, int64_t task_count,
                       bool is_sharded);

  // Sets the target weights of this rank's micro-batches from the target counts
  // of all ranks, and replaces the token and target counts of `step` by those
  // of all ranks.
  void set_global_target_weights(StepBatch& step) const;
  // Returns the callback for compute_step_gradient(), which reduces gradients
  // that are complete on this rank while others are computed. Empty for a
  // single process.
  std::function<void(size_t)> gradient_ready_callback(Optimizer& optimizer);
  // Sums optimizer.gradients(), the losses and the stop requests over all
  // ranks.
  StepTotals all_reduce_step(Optimizer& optimizer, double loss,
                             bool should_stop);
  // Distributes the updated parameters of all shards to all ranks.
  void all_gather_parameters(Optimizer& optimizer) const;
  // Returns the losses summed over all ranks.
  LossTable all_reduce_losses(const LossTable& local_losses) const;

 private:
  ProcessGroup& process_group_;
  const LossReduction loss_reduction_;
  const int64_t task_count_;
  const bool is_sharded_;
  GradientBuckets buckets_;
};

}  // namespace gato::train
