// Measures the cost of a training step on this machine with a few layers.
#pragma once

#include <cstdint>

#include "gato/model/model_config.h"
#include "gato/train/input/training_data.h"
#include "gato/train/training_config.h"

namespace gato::train {

struct StepCost {
  double seconds = 0;       // per step, without communication
  int64_t peak_memory = 0;  // bytes, as returned by peak_memory()
};

// Runs a few steps with networks of three and of five layers, as one of
// `world_size` processes would, and extrapolates linearly: the cost of a layer
// does not depend on how many there are. A network of at most five layers is
// measured directly. Throws Error(usage) if this machine does not have the
// device.
StepCost measure_step_cost(const model::ModelConfig& config,
                           const TrainingConfig& training,
                           const TrainingData& data, int64_t world_size);

}  // namespace gato::train
