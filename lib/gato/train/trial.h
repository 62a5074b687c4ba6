// What a step costs on this machine, tried with few layers.
#pragma once

#include <cstdint>

#include "gato/model/config.h"
#include "gato/train/options.h"
#include "gato/train/training_data.h"

namespace gato {

struct StepCost {
  double seconds = 0;       // a step, without the exchange between processes
  int64_t peak_memory = 0;  // bytes, as of peak_memory()
};

// Takes some steps of a network of three layers and of one of five, as a
// process of `processes` would, and goes on along the line through both: what a
// layer adds does not depend on the others. The network is taken whole where it
// has no more than five. Error (usage) where the device is not here.
StepCost try_steps(const ModelConfig& config,
                   const OptimisationOptions& optimisation,
                   const TrainerOptions& options, const TrainingData& data,
                   int64_t processes);

}  // namespace gato
