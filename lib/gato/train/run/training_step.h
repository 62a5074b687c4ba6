// One step of training: load, differentiate, synchronize, update.
#pragma once

#include <cstdint>
#include <string>

#include "gato/train/distributed/process_group.h"
#include "gato/train/gradient_synchronizer.h"
#include "gato/train/input/batch_loader.h"
#include "gato/train/input/training_data.h"
#include "gato/train/loss_table.h"
#include "gato/train/optimizer.h"
#include "gato/train/run/checkpoint.h"
#include "gato/train/run/metrics.h"
#include "gato/train/training_config.h"

namespace gato::train {

// Everything that a step changes, and the ranks that share its work.
struct TrainingContext {
  model::Network& network;
  Optimizer& optimizer;
  TrainingState& state;
  ProcessGroup& process_group;
};

// Takes the steps of a run. A step whose loss or gradient is not finite does
// not update the network and is counted as skipped.
class TrainingStepper {
 public:
  // All references must outlive the stepper.
  TrainingStepper(const TrainingData& data, const TrainingConfig& config,
                  const TrainingContext& context);

  // Takes the step that follows state.step, on the next batch of `loader`, and
  // adds it to `metrics`. `should_stop` is whether this rank wants to stop.
  // Throws Error(run_failed), naming the sequences, after ten consecutive
  // skipped steps.
  void take_step(BatchLoader& loader, MetricsAccumulator& metrics,
                 bool should_stop);

  // Returns whether any rank wanted to stop in the last step.
  bool should_stop() const { return should_stop_; }
  // Returns whether the last step was skipped.
  bool is_skipping() const { return consecutive_skips_ > 0; }
  // Returns the losses summed over all ranks.
  LossTable all_reduce_losses(const LossTable& losses) const {
    return synchronizer_.all_reduce_losses(losses);
  }

 private:
  StepLoss compute_gradient(const StepBatch& batch, LossTable& losses);
  void warn_without_targets();
  void skip_step(const StepMetrics& step, const StepBatch& batch,
                 const StepLoss& loss);
  std::string non_finite_locations_on_all_ranks(const StepBatch& batch,
                                                const StepLoss& loss) const;
  std::string non_finite_locations(const StepBatch& batch,
                                   const StepLoss& loss) const;

  const TrainingData& data_;
  const TrainingConfig& config_;
  TrainingContext context_;
  GradientSynchronizer synchronizer_;
  int consecutive_skips_ = 0;
  bool should_stop_ = false;
  bool has_warned_without_targets_ = false;
};

}  // namespace gato::train
