// Detects failed ranks. A thread in every rank publishes a heartbeat twice a
// second and looks for ranks that have exited or hang. Once the job has failed,
// a process that does not ask for the failure is terminated some seconds later.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gato/base/error.h"
#include "gato/train/distributed/heartbeat_exchange.h"
#include "gato/train/distributed/rendezvous.h"

namespace gato::train {

class HeartbeatMonitor {
 public:
  // Starts monitoring: rank 0 monitors all other ranks, and they monitor rank
  // 0. The job fails if a monitored rank is silent for `timeout`.
  HeartbeatMonitor(const Rendezvous& rendezvous, int64_t rank,
                   std::chrono::milliseconds timeout);
  // Joins the threads. After a failure the heartbeat thread is detached
  // instead, because it may be blocked on a connection that hangs.
  ~HeartbeatMonitor();
  HeartbeatMonitor(const HeartbeatMonitor&) = delete;
  HeartbeatMonitor& operator=(const HeartbeatMonitor&) = delete;

  // Registers `interrupt`, which is called once when the job has failed: by a
  // monitor thread, or at once if it has failed already. It aborts collectives
  // that do not poll failure(), such as those on a GPU.
  void on_failure(std::function<void()> interrupt);
  // Keep the process from being terminated between the two calls. Pairs may be
  // nested.
  void begin_uninterrupted();
  void end_uninterrupted();
  // Counts one more collective begun by this rank. A rank that never enters a
  // collective is identified by comparing these counts.
  void count_collective();
  // Returns the failure of the job, if any, and acknowledges it: the process is
  // then expected to exit by itself.
  std::optional<FailureReport> failure() const;
  // Returns the failure behind a collective that failed in this rank with the
  // message `what`. Blocks for a few seconds while it finds the rank that
  // failed.
  FailureReport diagnose(const std::string& what);
  // Fails the job because of this rank, unless it has failed already.
  void report_failure(base::ExitStatus status, const std::string& message);
  // Stops monitoring. Every rank calls it when its work is done; from then on
  // other ranks may exit without failing the job.
  void shut_down();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gato::train
