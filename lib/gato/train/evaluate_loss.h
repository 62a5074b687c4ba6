// The loss of a model on held-out sequences.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "gato/base/error.h"
#include "gato/base/progress.h"
#include "gato/model/network.h"
#include "gato/train/input/sequence_file_data.h"
#include "gato/train/loss_table.h"

namespace gato::train {

struct LossEvaluationOptions {
  int64_t threads = 1;
  base::ProgressDisplay* progress = nullptr;
  bool swap_observations = false;  // see train/input/observation_ablation.h
  // This rank computes its part of the batches.
  int64_t rank = 0, world_size = 1;
};

// Returns the losses of one pass over all sequences, or of this rank's part of
// them. Patch positions are the centers of their intervals, and there is no
// dropout, stochastic depth or label smoothing. Throws the errors of
// check_compatible().
LossTable compute_losses(const model::Network& network,
                         const SequenceFileData& data,
                         const LossEvaluationOptions& options);

// Returns an Error(run_failed) about a loss that is not finite. It advises fp32
// if the precision is another one.
base::Error non_finite_loss_error(model::Precision precision);

// Returns LossTable::to_json() of compute_losses(). Throws Error(bad_input) if
// there are no targets, Error(run_failed) if the loss is not finite, and the
// errors of check_compatible().
nlohmann::json evaluate_loss(const model::Network& network,
                             const SequenceFileData& data,
                             const LossEvaluationOptions& options);

}  // namespace gato::train
