// What a training would cost, without doing it.
#pragma once

#include <nlohmann/json.hpp>

#include "gato/train/options.h"
#include "gato/train/training_data.h"

namespace gato {

// {"parameters","flops_per_token","tokens_per_step","micro_batches",
// "memory":{"state","gradients"}}: training_operations() of a token that is a
// target; of a process, bytes of weights, moments (one slice of the optimiser)
// and gradient, and of the gradients that several threads work on. Activations
// come on top.
nlohmann::json dry_run(const ModelConfig& config,
                       const OptimisationOptions& options,
                       const TrainingData& data, int64_t threads,
                       int64_t optimizer_slices);

}  // namespace gato
