// Validation during a run, which decides which checkpoint is the best.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gato/model/network.h"
#include "gato/train/distributed/process_group.h"
#include "gato/train/input/sequence_file_data.h"
#include "gato/train/run/checkpoint.h"
#include "gato/train/run/run_directory.h"
#include "gato/train/training_config.h"

namespace gato::train {

// Computes the loss on held-out data. All ranks call the same functions in the
// same order.
class Validator {
 public:
  // `data` may be null: nothing is validated then. All references must outlive
  // the validator.
  Validator(const SequenceFileData* data, const TrainingConfig& config,
            TrainingState& state, RunDirectory& run_directory,
            ProcessGroup& process_group);

  // Forgets the best checkpoint of a resumed run if the validation data has
  // changed: losses of different data cannot be compared. Rank zero warns.
  void forget_best_of_other_data();

  // Validates after every config.validate_every steps and records the loss in
  // metrics.jsonl. Returns whether the network is the best so far; state.best
  // is then this step, whose checkpoint has not been saved yet.
  bool validate_if_due(const model::Network& network);

 private:
  std::string data_digest() const;

  const SequenceFileData* data_;
  const TrainingConfig& config_;
  TrainingState& state_;
  RunDirectory& run_directory_;
  ProcessGroup& process_group_;
};

}  // namespace gato::train
