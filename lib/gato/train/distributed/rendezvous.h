// How the processes of a run find each other.
#pragma once

#include <chrono>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "gato/train/distributed/launch.h"

namespace gato::train {

using Store = c10::intrusive_ptr<c10d::Store>;

struct Rendezvous {
  // Two connections to the same store, which rank 0 holds, or torchrun: one who
  // waits on the first does not hold up the second.
  Store collective_store, heartbeat_store;
  std::vector<std::string> rank_names;  // of the ranks: "HOST (process 12)"
  // Of this machine, as the others reach it.
  std::string local_address;
};

// Waits until all ranks are there. Errors: run_failed where they do not come
// within `timeout`, naming those that are missing, or where the port is taken.
// Stopped after a signal.
Rendezvous run_rendezvous(const LaunchInfo& launch,
                          std::chrono::milliseconds timeout);

}  // namespace gato::train
