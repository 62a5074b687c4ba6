// Ranks forked on one machine and supervised by the process that forked them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "gato/base/error.h"
#include "gato/train/distributed/launch.h"

namespace gato::train {

// Forks a child that receives SIGTERM if this process dies. Returns 0 in the
// child. Throws Error(run_failed) if no process can be started; `name` says
// what the child is for, in the message.
pid_t fork_child(const std::string& name);

// The result of fork_local_ranks(), which returns once in every rank, and once
// in the parent after all ranks have exited.
struct ForkResult {
  LaunchInfo launch;                            // in a rank
  std::optional<base::ExitStatus> exit_status;  // in the parent: of the job
};

// Forks `size` ranks. Must be called before any thread is started.
//
// The parent forwards SIGTERM, SIGUSR1 and SIGHUP to the ranks, and SIGINT as
// SIGTERM. The ranks receive SIGTERM if the parent dies. If a rank fails, the
// parent reports which one and how, gives the others 20 seconds to exit and
// then kills them. The exit status is that of the first rank that failed
// (run_failed if a signal ended it), else stopped_early if any rank returned
// that, else success.
ForkResult fork_local_ranks(int64_t size);

}  // namespace gato::train
