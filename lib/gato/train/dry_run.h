// Estimates what a training run would cost, without running it.
#pragma once

#include <nlohmann/json.hpp>

#include "gato/train/input/training_data.h"
#include "gato/train/training_config.h"

namespace gato::train {

// Returns {"parameters","flops_per_token","tokens_per_step","micro_batches",
// "memory":{"state","gradients","peak"},"seconds":{"step","run"}}:
//   flops_per_token   training_flops() of one token that is a target
//   memory.state      bytes per process of the weights, the gradient and the
//                     moments (its shard of them if the optimizer is sharded)
//   memory.gradients  bytes of the gradients that wait to be accumulated
//   memory.peak       peak bytes of a process
//   seconds           time without that of checkpoints
// The peak and the seconds are from measure_step_cost(). They are null, with a
// warning, if this machine does not have the device.
nlohmann::json dry_run_report(const model::ModelConfig& config,
                              TrainingConfig training, const TrainingData& data,
                              int64_t world_size);

}  // namespace gato::train
