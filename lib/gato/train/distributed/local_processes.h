// The processes of a run on one machine, started and waited for by another one.
#pragma once

#include <cstdint>
#include <optional>

#include "gato/base/error.h"
#include "gato/train/distributed/launch.h"

namespace gato::train {

// This process as it goes on: as one of the ranks, or, when all of them have
// ended, as the one that started them.
struct ForkResult {
  LaunchInfo launch;                            // of a rank
  std::optional<base::ExitStatus> exit_status;  // of all ranks, in the starter
};

// Forks `size` ranks, so no thread may run yet. The starter passes SIGTERM,
// SIGUSR1 and SIGHUP on to them, SIGINT as SIGTERM, and its death is a SIGTERM.
// Where a rank fails, it says which and how, gives the others 20 seconds to end
// by themselves and then kills them. The status is that of the first rank that
// failed, run_failed where a signal ended it; else stopped_early where any rank
// has that; else done.
ForkResult fork_local_ranks(int64_t size);

}  // namespace gato::train
