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
#include "gato/train/distributed/meeting.h"

namespace gato {

// Why the job ends: all ranks end with the same one.
struct Verdict {
  ExitStatus status = ExitStatus::run_failed;
  int64_t rank = 0;     // the one to blame
  std::string message;  // names it
};

class Watch {
 public:
  // Rank 0 watches all others, and they watch rank 0: one that tells nothing
  // for `timeout` ends the job.
  Watch(const Meeting& meeting, int64_t rank,
        std::chrono::milliseconds timeout);
  // Waits for the thread, unless there is a verdict: a connection that hangs
  // may hold it.
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Called by the thread when there is a verdict, to end an exchange that waits
  // for no message: one of a GPU.
  void on_verdict(std::function<void()> interrupt);
  // Between the two, which may be nested, the process is not ended.
  void begin_writing();
  void end_writing();
  // This rank begins an exchange: one who never comes to it is found by the
  // numbers of these.
  void count_exchange();
  std::optional<Verdict> verdict() const;
  // An exchange has failed in this rank, `what` tells how: looks for the rank
  // to blame, some seconds at most.
  Verdict find_cause(const std::string& what);
  // Ends the job because of this rank, unless it has ended already.
  void give_up(ExitStatus status, const std::string& message);
  // All ranks call it at the end of their work; the others may be gone then.
  void leave();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gato
