// Loss and gradient of one step, whose micro-batches are computed in parallel.
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
  // Total number of threads. Up to one worker per micro-batch runs in parallel,
  // and each has an equal number of threads for its tensor operations.
  int64_t threads = 1;
  double stochastic_depth = 0;  // drop probability (Huang et al. 2016)
  double dropout = 0;           // drop probability (Srivastava et al. 2014)
  double target_smoothing = 0;  // LossOptions::smoothing
  uint64_t seed = 0;
};

struct StepLoss {
  double total_loss = 0;  // weighted
  // Indices in StepBatch::micro_batches of those whose loss is not finite.
  std::vector<size_t> non_finite_micro_batches;
};

// Returns how many of `micro_batches` are computed in parallel: up to one per
// thread on the CPU, and one at a time on a GPU.
int64_t worker_count(at::Device device, int64_t micro_batches, int64_t threads);

// Computes the loss and the gradient of a step. Overwrites `gradients`, laid
// out like network.flat_parameters(), with the same bytes for every number of
// threads up to that of the micro-batches; each worker keeps at most one
// gradient (GradientAccumulator). Adds the unweighted losses to `table`.
// `on_parameter_ready` is called by one thread at a time with the index in
// network.parameters() of each parameter whose gradient is complete, while
// others are still computed.
StepLoss compute_step_gradient(
    const model::Network& network, const StepBatch& step,
    const StepGradientOptions& options, at::Tensor& gradients, LossTable& table,
    const std::function<void(size_t)>& on_parameter_ready = {});

}  // namespace gato::train
