// What a training would cost, without doing it.
#pragma once

#include <nlohmann/json.hpp>

#include "gato/train/options.h"
#include "gato/train/training_data.h"

namespace gato {

// {"parameters","flops_per_token","tokens_per_step","micro_batches",
// "memory":{"state","gradients","peak"},"seconds":{"step","run"}}:
// training_operations() of a token that is a target; of a process, bytes of
// weights, moments (one slice of the optimiser) and gradient, of the gradients
// that threads hold until it is their turn, and of all that it holds at most;
// time without that of checkpoints. Peak and seconds come of try_steps(), and
// are null, with a warning, where the device is not here.
nlohmann::json dry_run(const ModelConfig& config,
                       const OptimisationOptions& optimisation,
                       const TrainerOptions& options, const TrainingData& data,
                       int64_t processes);

}  // namespace gato
