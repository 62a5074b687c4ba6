// Rendezvous: how the processes of a run find each other.
#pragma once

#include <chrono>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "gato/train/distributed/launch.h"

namespace gato::train {

using Store = c10::intrusive_ptr<c10d::Store>;

struct Rendezvous {
  // Two connections to the same key-value store, which rank 0 or torchrun
  // serves. With two of them, waiting on the first does not block the second.
  Store collective_store, heartbeat_store;
  std::vector<std::string> rank_names;  // by rank: "HOST (process 12)"
  // The address at which other ranks reach this machine.
  std::string local_address;
};

// Blocks until all ranks have joined. Throws Error(run_failed) if some do not
// join within `timeout`, naming them, or if the port is in use. Throws
// StoppedBySignal after a stop signal.
Rendezvous run_rendezvous(const LaunchInfo& launch,
                          std::chrono::milliseconds timeout);

}  // namespace gato::train
