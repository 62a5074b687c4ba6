// What the ranks of a run exchange in a step; in a process alone, nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "gato/model/network.h"
#include "gato/train/adamw.h"
#include "gato/train/distributed/process_group.h"
#include "gato/train/gradient_buckets.h"
#include "gato/train/input/batch_loader.h"
#include "gato/train/loss_table.h"

namespace gato::train {

// Of a step, the same in all ranks.
struct StepTotals {
  double loss = 0, gradient_norm = 0;
  bool should_stop = false;  // one of the ranks was asked to
};

// In the order of a step: complete(), start() while gradients are computed,
// total(), all_gather_parameters().
class GradientSynchronizer {
 public:
  // `tasks` is their number in the data. With `is_sharded`, the optimisers have
  // a slice each (ShardLayout).
  GradientSynchronizer(ProcessGroup& process_group,
                       const model::Network& network,
                       LossReduction loss_reduction, int64_t task_count,
                       bool is_sharded);

  // Weighs the targets of a rank's share; its tokens and targets become those
  // of the step.
  void set_global_target_weights(StepBatch& step) const;
  // What compute_step_gradient() calls for every gradient that is complete in
  // this rank, to exchange it while others are computed; empty where alone.
  std::function<void(size_t)> gradient_ready_callback(const AdamW& optimizer);
  // Adds up gradients, in the optimiser, and losses.
  StepTotals all_reduce_step(AdamW& optimizer, double loss, bool should_stop);
  // After the update, the parameters of all slices.
  void all_gather_parameters(AdamW& optimizer) const;
  LossTable all_reduce_losses(const LossTable& local_losses) const;

 private:
  ProcessGroup& process_group_;
  const LossReduction loss_reduction_;
  const int64_t task_count_;
  const bool is_sharded_;
  GradientBuckets buckets_;
};

}  // namespace gato::train
