// What the ranks of a run exchange in a step; in a process alone, nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "gato/model/network.h"
#include "gato/train/adamw.h"
#include "gato/train/distributed/ranks.h"
#include "gato/train/gradient_buckets.h"
#include "gato/train/loader.h"
#include "gato/train/loss_table.h"

namespace gato {

// Of a step, the same in all ranks.
struct StepTotals {
  double loss = 0, gradient_norm = 0;
  bool must_stop = false;  // one of the ranks was asked to
};

// In the order of a step: complete(), start() while gradients are computed,
// total(), share_parameters().
class StepExchange {
 public:
  // `tasks` is their number in the data. With `is_sharded`, the optimisers have
  // a slice each (FlatSlices).
  StepExchange(Ranks& ranks, const Network& network, LossAverage average,
               int64_t tasks, bool is_sharded);

  // Weighs the targets of a rank's share; its tokens and targets become those
  // of the step.
  void complete(StepBatch& step) const;
  // What step_gradient() calls for every gradient that is complete in this
  // rank, to exchange it while others are computed; empty where alone.
  std::function<void(size_t)> start(const AdamW& optimiser);
  // Adds up gradients, in the optimiser, and losses.
  StepTotals total(AdamW& optimiser, double loss, bool must_stop);
  // After the update, the parameters of all slices.
  void share_parameters(AdamW& optimiser) const;
  LossTable total(const LossTable& own) const;

 private:
  Ranks& ranks_;
  const LossAverage average_;
  const int64_t tasks_;
  const bool is_sharded_;
  GradientBuckets buckets_;
};

}  // namespace gato
