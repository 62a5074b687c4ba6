// The processes of a run, of which this is one, and what they exchange.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gato/base/error.h"
#include "gato/train/distributed/launch.h"

namespace gato::train {

// All ranks call the same functions in the same order, from one thread each.
// Each of them throws Error, with a message that names the rank to blame, where
// a rank has ended or given up, or does not come for the timeout.
//
// Tensors are contiguous. Those on the CPU go through Gloo, those on a GPU
// through NCCL, where the build has it (GATO_NCCL).
class ProcessGroup {
 public:
  // A process alone: nothing is connected or exchanged.
  ProcessGroup();
  // Meets the others (train/distributed/rendezvous.h) where there are any. A
  // rank that ends is found within some seconds, one that stands still within
  // `timeout` seconds and some.
  ProcessGroup(const LaunchInfo& launch, double timeout);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  const LaunchInfo& launch() const { return launch_; }
  int64_t rank() const { return launch_.rank; }
  int64_t size() const { return launch_.world_size; }
  bool is_single_process() const { return launch_.is_single_process(); }
  // The one that writes what the run leaves behind.
  bool is_rank_zero() const { return launch_.rank == 0; }
  // Seconds spent in exchanges so far, waiting included.
  double communication_seconds() const { return communication_seconds_; }

  // In place; every rank gets the same bytes.
  void all_reduce(at::Tensor values);
  // The same, but goes on at once: wait_all() waits for all that were begun,
  // whose values nobody may touch until then. The calls may come from another
  // thread than the other exchanges do, not at the same time.
  void all_reduce_async(at::Tensor values);
  // The sum is wanted in rank `to` alone; elsewhere `values` is left as
  // anything.
  void reduce_async(at::Tensor values, int64_t root);
  void wait_all();
  // `values` is `size` slices of equal length: each becomes what its own rank
  // has there.
  void all_gather(at::Tensor values);
  void broadcast(at::Tensor values, int64_t root = 0);
  std::string broadcast(const std::string& text, int64_t root = 0);
  int64_t broadcast(int64_t number, int64_t root = 0);
  // Does `part`, which exchanges nothing, in every rank. Where it throws an
  // Error in some, or a filesystem_error, which becomes one (io), all throw
  // that of the first of them.
  void run_collectively(const std::function<void()>& function);

  // Does `part`, which leaves something that is of use whatever becomes of the
  // other ranks, in any thread: the process, which else ends when it goes on
  // for long without them, waits for it.
  void run_uninterrupted(const std::function<void()>& function) const;

  // Does `work`, the whole work of this rank, so that all ranks end alike:
  // where one throws, the others end with its message and status.
  base::ExitStatus run(const std::function<base::ExitStatus()>& work);

 private:
  struct Backends;
  class Collective;
  void report_failure(const std::exception_ptr& error);

  const LaunchInfo launch_;
  double communication_seconds_ = 0;
  std::unique_ptr<Backends> backends_;  // null where alone
};

}  // namespace gato::train
