// Loss and gradient of one step, its micro-batches shared out to threads.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "gato/model/network.h"
#include "gato/train/input/batch_loader.h"
#include "gato/train/loss_table.h"

namespace gato::train {

struct StepGradientOptions {
  // At most one thread a micro-batch works on its own; each gets an equal share
  // of the threads for its tensor operations.
  int64_t threads = 1;
  double stochastic_depth = 0, dropout = 0;
  double target_smoothing = 0;  // LossOptions::smoothing
  uint64_t seed = 0;
};

struct StepLoss {
  double total_loss = 0;  // weighted
  // Micro-batches, by their place in StepBatch::parts, whose loss is not
  // finite.
  std::vector<size_t> non_finite_micro_batches;
};

// How many micro-batches of `parts` are worked on at once.
int64_t worker_count(at::Device device, int64_t micro_batches, int64_t threads);

// `gradients`, laid out like network.flat(), is overwritten, with the same
// bytes for every number of threads up to that of the micro-batches; each
// thread holds at most one gradient (GradientAccumulator). `table` receives the
// unweighted losses. `added`, which may be left out, is called by one thread at
// a time with the place in network.parameters() of each gradient that is
// complete, while others are still computed.
StepLoss compute_step_gradient(
    const model::Network& network, const StepBatch& step,
    const StepGradientOptions& options, at::Tensor& gradients, LossTable& table,
    const std::function<void(size_t)>& on_parameter_ready = {});

}  // namespace gato::train
