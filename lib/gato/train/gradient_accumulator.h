// Accumulates the gradients of micro-batches while they are computed.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "gato/model/network.h"

namespace gato::train {

// Adds the gradients of each parameter in the order of the micro-batches, no
// matter which thread finishes first, so the bytes do not depend on the number
// of threads. A gradient that arrives early is kept until its turn. All
// functions are thread-safe if each micro-batch is handled by one thread.
class GradientAccumulator {
 public:
  // Accumulates into `flat`, laid out like network.flat_parameters().
  // `on_parameter_ready`, which may be empty, is called by one thread at a time
  // with the index in network.parameters() of each parameter whose gradient is
  // complete, that is, contains all `micro_batch_count` micro-batches.
  GradientAccumulator(const model::Network& network, at::Tensor flat,
                      size_t micro_batch_count,
                      std::function<void(size_t)> on_parameter_ready);

  // Adds the gradient of a parameter in a micro-batch. Called at most once for
  // each pair of them.
  void add(size_t micro_batch, size_t parameter, at::Tensor gradient);
  // Declares that a micro-batch has no more gradients. Parameters that it has
  // not added to are complete without it.
  void finish(size_t micro_batch);

 private:
  struct ParameterSum {
    std::mutex mutex;
    size_t next_micro_batch = 0;  // the micro-batch whose turn it is
    // Early gradients by micro-batch; undefined if it has no gradient.
    std::map<size_t, at::Tensor> pending;
  };
  void accumulate_in_order(size_t micro_batch, size_t parameter,
                           at::Tensor gradient);

  const model::Network& network_;
  const at::Tensor flat_gradient_;
  const size_t micro_batch_count_;
  const std::function<void(size_t)> on_parameter_ready_;
  std::mutex callback_mutex_;
  std::vector<ParameterSum> parameter_sums_;     // by parameter
  std::vector<std::vector<bool>> has_gradient_;  // by micro-batch and parameter
};

}  // namespace gato::train
