// The loss of a model on held-out sequences.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "gato/base/progress.h"
#include "gato/model/network.h"
#include "gato/train/input/sequence_file_data.h"

namespace gato::train {

struct LossEvaluationOptions {
  int64_t threads = 1;
  base::ProgressDisplay* progress = nullptr;
  bool swap_observations = false;  // see train/input/observation_ablation.h
};

// Returns LossTable::to_json() of one pass over all sequences. Patch positions
// are the centers of their intervals, and there is no dropout, stochastic depth
// or label smoothing. Throws Error(run_failed) if the loss is not finite, and
// what check_compatible() throws.
nlohmann::json evaluate_loss(const model::Network& network,
                             const SequenceFileData& data,
                             const LossEvaluationOptions& options);

}  // namespace gato::train
