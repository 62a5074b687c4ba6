// The gradients of a step's micro-batches, added up while they are computed.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "gato/model/network.h"

namespace gato::train {

// Every parameter's gradients are added in the order of the micro-batches,
// whichever thread is first: the bytes do not depend on their number. A
// gradient that comes before its turn is held until then. All functions may run
// at the same time in several threads, one for each micro-batch.
class GradientAccumulator {
 public:
  // Adds to `flat`, laid out as network.flat(). `added`, which may be empty, is
  // called by one thread at a time with the place in network.parameters() of
  // each gradient that all `parts` micro-batches have given theirs to.
  GradientAccumulator(const model::Network& network, at::Tensor flat,
                      size_t micro_batch_count,
                      std::function<void(size_t)> on_parameter_ready);

  // By micro-batch `part`; once for a parameter at most.
  void add(size_t micro_batch, size_t parameter, at::Tensor gradient);
  // There are no more by this micro-batch.
  void finish(size_t micro_batch);

 private:
  struct ParameterSum {
    std::mutex mutex;
    size_t next_micro_batch = 0;           // the micro-batch whose turn it is
    std::map<size_t, at::Tensor> pending;  // undefined: it has none
  };
  void accumulate_in_order(size_t micro_batch, size_t parameter,
                           at::Tensor gradient);

  const model::Network& network_;
  const at::Tensor flat_gradient_;
  const size_t micro_batch_count_;
  const std::function<void(size_t)> on_parameter_ready_;
  std::mutex callback_mutex_;
  std::vector<ParameterSum> parameter_sums_;     // of each parameter
  std::vector<std::vector<bool>> has_gradient_;  // by part and parameter
};

}  // namespace gato::train
