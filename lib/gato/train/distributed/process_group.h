// The processes of a training run and their collective operations.
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

// All ranks must call the collectives in the same order, each from one thread.
// A collective throws Error, with a message that names the failed rank, if a
// rank has exited or failed, or does not enter it within the timeout.
//
// Tensors must be contiguous. CPU tensors are exchanged by Gloo, GPU tensors by
// NCCL if the program was built with it (GATO_NCCL).
class ProcessGroup {
 public:
  // Makes the group of a single process, which connects to nothing.
  ProcessGroup();
  // Joins the other ranks, if any (train/distributed/rendezvous.h). From then
  // on a rank that exits is detected within a few seconds, and one that hangs a
  // few seconds after `timeout` seconds.
  ProcessGroup(const LaunchInfo& launch, double timeout);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  const LaunchInfo& launch() const { return launch_; }
  int64_t rank() const { return launch_.rank; }
  int64_t size() const { return launch_.world_size; }
  bool is_single_process() const { return launch_.is_single_process(); }
  // Returns whether this is the rank that writes the output of the run.
  bool is_rank_zero() const { return launch_.rank == 0; }
  // Returns the seconds spent in collectives so far, including waiting.
  double communication_seconds() const { return communication_seconds_; }

  // Sums `values` over all ranks in place. Every rank gets the same bytes.
  void all_reduce(at::Tensor values);
  // Starts an all_reduce() and returns at once. `values` must not be accessed
  // before wait_all(). May be called from a different thread than the other
  // collectives, but not concurrently with them.
  void all_reduce_async(at::Tensor values);
  // Starts a sum like all_reduce_async(), but only rank `root` gets it. The
  // values of the other ranks are undefined afterwards.
  void reduce_async(at::Tensor values, int64_t root);
  // Blocks until all collectives that were started are complete.
  void wait_all();
  // Completes `values`, which consists of size() slices of equal length, on
  // every rank: slice r is copied from rank r.
  void all_gather(at::Tensor values);
  // Overwrites `values` with those of rank `root`. The overloads below return
  // the text or number of rank `root` on every rank.
  void broadcast(at::Tensor values, int64_t root = 0);
  std::string broadcast(const std::string& text, int64_t root = 0);
  int64_t broadcast(int64_t number, int64_t root = 0);
  // Calls `function`, which must not call collectives, on every rank. If it
  // throws Error on some ranks, all ranks throw that of the lowest such rank. A
  // filesystem_error counts as Error(io).
  void run_collectively(const std::function<void()>& function);

  // Calls `function`, which produces something useful even if the other ranks
  // fail, such as a checkpoint. The process is not terminated because of a
  // failed rank before it returns. May be called from any thread.
  void run_uninterrupted(const std::function<void()>& function) const;

  // Calls `work`, all the work of this rank, and returns its status. If a rank
  // throws, the other ranks fail with its message and status.
  base::ExitStatus run(const std::function<base::ExitStatus()>& work);

 private:
  struct Backends;
  class Collective;
  void report_failure(const std::exception_ptr& error);

  const LaunchInfo launch_{};
  double communication_seconds_ = 0;
  std::unique_ptr<Backends> backends_;  // null for a single process
};

}  // namespace gato::train
