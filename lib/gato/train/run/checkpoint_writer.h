// Writes and prunes the checkpoints of a run.
#pragma once

#include <cstdint>
#include <vector>

#include "gato/base/error.h"
#include "gato/data/tokens.h"
#include "gato/train/distributed/process_group.h"
#include "gato/train/run/async_checkpointer.h"
#include "gato/train/run/checkpoint.h"
#include "gato/train/run/run_directory.h"
#include "gato/train/training_config.h"

namespace gato::train {

// Saves the state of a run and remembers the newest step whose checkpoint is
// complete on disk. All ranks call the same functions in the same order.
class CheckpointWriter {
 public:
  // All references must outlive the writer.
  CheckpointWriter(RunDirectory& run_directory, const TrainingConfig& config,
                   const std::vector<data::TokenizedDocument>& demonstrations,
                   const model::Network& network,
                   const OptimizerState& optimizer, const TrainingState& state,
                   ProcessGroup& process_group);

  // Saves an intermediate checkpoint, in the background if
  // TrainingConfig::asynchronous_save is set. A failure is logged, and training
  // continues.
  void save_or_warn();
  // Saves a checkpoint and blocks until it is on disk, even if
  // TrainingConfig::asynchronous_save is set. Returns whether it was saved. A
  // failure is logged, and training continues.
  bool save_now_or_warn();
  // Saves the final checkpoint and blocks until it is on disk. Throws Error(io)
  // if it cannot be written, naming the newest step that was saved.
  void save_final();
  // Records the outcome of a background save that is complete. Never blocks.
  void poll();

 private:
  void save();
  void write_and_prune(const model::Network& network,
                       const OptimizerState& optimizer,
                       const TrainingState& state, ProcessGroup& process_group);
  void start_async_save();
  void finish_async_save();
  void record_success(int64_t step);
  void record_failure(int64_t step, const base::Error& error);

  RunDirectory& run_directory_;
  const TrainingConfig& config_;
  const std::vector<data::TokenizedDocument>& demonstrations_;
  const model::Network& network_;
  const OptimizerState& optimizer_;
  const TrainingState& state_;
  ProcessGroup& process_group_;
  bool has_failed_ = false;
  int64_t last_saved_step_ = -1;
  int64_t pending_step_ = -1;  // being written by async_checkpointer_
  // Declared last: its thread reads the members above.
  AsyncCheckpointer async_checkpointer_;
};

}  // namespace gato::train
