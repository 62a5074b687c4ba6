// Who of the ranks still lives: a thread in every rank tells the others twice a
// second that it does, and finds the rank that ended or stands still. A process
// that does not ask for the verdict is ended some seconds later.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gato/base/error.h"
#include "gato/train/distributed/rendezvous.h"

namespace gato::train {

// Why the job ends: all ranks end with the same one.
struct FailureReport {
  base::ExitStatus status = base::ExitStatus::run_failed;
  int64_t failed_rank = 0;  // the one to blame
  std::string message;      // names it
};

class HeartbeatMonitor {
 public:
  // Rank 0 watches all others, and they watch rank 0: one that tells nothing
  // for `timeout` ends the job.
  HeartbeatMonitor(const Rendezvous& rendezvous, int64_t rank,
                   std::chrono::milliseconds timeout);
  // Waits for the thread, unless there is a verdict: a connection that hangs
  // may hold it.
  ~HeartbeatMonitor();
  HeartbeatMonitor(const HeartbeatMonitor&) = delete;
  HeartbeatMonitor& operator=(const HeartbeatMonitor&) = delete;

  // Called by the thread when there is a verdict, to end an exchange that waits
  // for no message: one of a GPU.
  void on_failure(std::function<void()> interrupt);
  // Between the two, which may be nested, the process is not ended.
  void begin_uninterrupted();
  void end_uninterrupted();
  // This rank begins an exchange: one who never comes to it is found by the
  // numbers of these.
  void count_collective();
  std::optional<FailureReport> failure() const;
  // An exchange has failed in this rank, `what` tells how: looks for the rank
  // to blame, some seconds at most.
  FailureReport diagnose(const std::string& what);
  // Ends the job because of this rank, unless it has ended already.
  void report_failure(base::ExitStatus status, const std::string& message);
  // All ranks call it at the end of their work; the others may be gone then.
  void shut_down();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gato::train
