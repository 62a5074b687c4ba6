// What a training would cost, without doing it.
#pragma once

#include <nlohmann/json.hpp>

#include "gato/train/input/training_data.h"
#include "gato/train/training_config.h"

namespace gato::train {

// {"parameters","flops_per_token","tokens_per_step","micro_batches",
// "memory":{"state","gradients","peak"},"seconds":{"step","run"}}:
// training_flops() of a token that is a target; of a process, bytes of
// weights, moments (one slice of the optimiser) and gradient, of the gradients
// that threads hold until it is their turn, and of all that it holds at most;
// time without that of checkpoints. Peak and seconds come of
// measure_step_cost(), and are null, with a warning, where the device is not
// here.
nlohmann::json dry_run_report(const model::ModelConfig& config,
                              const TrainingConfig& training,
                              const TrainingData& data, int64_t world_size);

}  // namespace gato::train
