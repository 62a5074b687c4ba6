// What the ranks of a run exchange in a step; in a process alone, nothing.
#pragma once

#include <cstdint>

#include "gato/train/adamw.h"
#include "gato/train/distributed/ranks.h"
#include "gato/train/loader.h"
#include "gato/train/loss_table.h"

namespace gato {

// Of a step, the same in all ranks.
struct StepTotals {
  double loss = 0, gradient_norm = 0;
  bool must_stop = false;  // one of the ranks was asked to
};

// Gradients are exchanged once a step, after the last micro-batch, not in
// pieces while it is computed: a rank of a large batch computes many of them
// for one exchange, which on CPUs takes the processors that compute, and pieces
// of it were no faster than the whole.
class StepExchange {
 public:
  // `tasks` is their number in the data. With `is_sharded`, the optimisers have
  // a slice each (FlatSlices).
  StepExchange(Ranks& ranks, LossAverage average, int64_t tasks,
               bool is_sharded);

  // Weighs the targets of a rank's share; its tokens and targets become those
  // of the step.
  void complete(StepBatch& step) const;
  // Adds up gradients, in the optimiser, and losses.
  StepTotals total(AdamW& optimiser, double loss, bool must_stop) const;
  // After the update, the parameters of all slices.
  void share_parameters(AdamW& optimiser) const;
  LossTable total(const LossTable& own) const;

 private:
  void sum_gradients(AdamW& optimiser) const;

  Ranks& ranks_;
  const LossAverage average_;
  const int64_t tasks_;
  const bool is_sharded_;
};

}  // namespace gato
