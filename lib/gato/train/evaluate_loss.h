// The loss of a model on sequences that it was not trained on.
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
  bool swap_observations = false;  // train/input/observation_ablation.h
};

// Every sequence once, patches in the middle of their intervals, nothing
// dropped or skipped, targets not smoothed. LossTable::to_json.
// Errors: run_failed where the loss is not finite; those of check_compatible.
nlohmann::json evaluate_loss(const model::Network& network,
                             const SequenceFileData& data,
                             const LossEvaluationOptions& options);

}  // namespace gato::train
