// gato-eval loss: the loss of a model on sequences that it did not see.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "gato/cli/tool.h"
#include "gato/model/network.h"
#include "gato/train/sequence_set.h"

namespace gato {

struct LossEvaluation {
  int64_t threads = 1;
  bool swap_observations = false;  // train/swapped_observations.h
};

// Every sequence once, patches in the middle of their intervals, nothing
// dropped or skipped, targets not smoothed. LossTable::to_json.
// Errors: run_failed where the loss is not finite; those of check_fit.
nlohmann::json evaluate_loss(const Network& network, const SequenceSet& data,
                             const LossEvaluation& options);

// The command of gato-eval, for cli::run.
cli::Command loss_command();

}  // namespace gato
