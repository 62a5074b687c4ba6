// The gradients of a step's micro-batches, added up while they are computed.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "gato/model/network.h"

namespace gato {

// Every parameter's gradients are added in the order of the micro-batches,
// whichever thread is first: the bytes do not depend on their number. A
// gradient that comes before its turn is held until then. All functions may run
// at the same time in several threads, one for each micro-batch.
class GradientSum {
 public:
  // Adds to `flat`, laid out as network.flat(). `added`, which may be empty, is
  // called by one thread at a time with the place in network.parameters() of
  // each gradient that all `parts` micro-batches have given theirs to.
  GradientSum(const Network& network, at::Tensor flat, size_t parts,
              std::function<void(size_t)> added);

  // By micro-batch `part`; once for a parameter at most.
  void add(size_t part, size_t parameter, at::Tensor gradient);
  // There are no more by this micro-batch.
  void end(size_t part);

 private:
  struct Sum {
    std::mutex mutex;
    size_t next = 0;                    // the micro-batch whose turn it is
    std::map<size_t, at::Tensor> held;  // undefined: it has none
  };
  void put(size_t part, size_t parameter, at::Tensor gradient);

  const Network& network_;
  const at::Tensor flat_;
  const size_t parts_;
  const std::function<void(size_t)> added_;
  std::mutex added_mutex_;
  std::vector<Sum> sums_;                     // of each parameter
  std::vector<std::vector<bool>> was_added_;  // by part and parameter
};

}  // namespace gato
