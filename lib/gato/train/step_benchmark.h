// What a step costs on this machine, tried with few layers.
#pragma once

#include <cstdint>

#include "gato/model/model_config.h"
#include "gato/train/input/training_data.h"
#include "gato/train/training_config.h"

namespace gato::train {

struct StepCost {
  double seconds = 0;       // a step, without the exchange between processes
  int64_t peak_memory = 0;  // bytes, as of peak_memory()
};

// Takes some steps of a network of three layers and of one of five, as a
// process of `processes` would, and goes on along the line through both: what a
// layer adds does not depend on the others. The network is taken whole where it
// has no more than five. Error (usage) where the device is not here.
StepCost measure_step_cost(const model::ModelConfig& config,
                           const TrainingConfig& training,
                           const TrainingData& data, int64_t world_size);

}  // namespace gato::train
