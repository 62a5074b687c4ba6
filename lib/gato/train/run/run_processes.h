// Independent runs in separate processes, several at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gato/base/error.h"

namespace gato::train {

// The result of fork_runs(), which returns once in every child, and once in the
// parent after all children have exited.
struct ForkedRun {
  std::optional<size_t> index;  // in a child: the run that it has to do
  base::ExitStatus status = base::ExitStatus::success;  // in the parent
};

// Forks a child per run, in the order of their names and at most `jobs` at a
// time. Must be called before any thread is started. Calls `on_done` in the
// parent whenever a run is complete.
//
// After a stop signal, or if `should_stop` returns true, no further run is
// started; signals are forwarded to the children. If a run fails, the others
// are asked to stop. The status is that of the first run that failed
// (run_failed if a signal ended it), else stopped_early if a run was stopped or
// not started, else success. The children receive SIGTERM if the parent dies.
ForkedRun fork_runs(const std::vector<std::string>& names, int64_t jobs,
                    const std::function<bool()>& should_stop,
                    const std::function<void()>& on_done);

}  // namespace gato::train
