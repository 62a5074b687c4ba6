// Training without files, for programs that link the library.
#pragma once

#include <cstdint>
#include <functional>

#include "gato/model/network.h"
#include "gato/train/input/training_data.h"
#include "gato/train/loss_table.h"
#include "gato/train/training_config.h"

namespace gato::train {

// Receives the losses of a step, counted from 1. They are empty if the step was
// skipped because its loss or gradient was not finite.
using StepCallback = std::function<void(int64_t step, const LossTable& losses)>;

// Trains `network` in place for config.steps steps, in this process: the same
// steps as a run of gato-train. Returns the losses of the last one. The options
// for checkpoints, validation, metrics, precision and the device have no
// effect; the network's own precision and device are used. Throws the errors of
// check_compatible(), and Error(run_failed) after ten consecutive steps without
// a finite loss and gradient.
LossTable train_network(model::Network& network, const TrainingData& data,
                        TrainingConfig config,
                        const StepCallback& on_step = {});

}  // namespace gato::train
