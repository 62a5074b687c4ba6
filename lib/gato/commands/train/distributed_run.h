// Execution of a run in one process or in many.
#pragma once

#include <cstdint>
#include <functional>

#include "gato/cli/tool.h"
#include "gato/commands/train/training_options.h"
#include "gato/train/distributed/process_group.h"

namespace gato::commands {

// Does `work` in this process alone, in this rank of a launcher's ranks, or in
// ranks that this process starts and waits for. Only rank 0 shows informational
// messages; the warnings and errors of the others begin with "NAME[RANK]:".
// LibTorch must not have been used before.
base::ExitStatus run_distributed(
    const ProcessOptions& options, bool shards_optimizer,
    const cli::CommandContext& context,
    const std::function<base::ExitStatus(train::ProcessGroup&)>& work);

// Returns the number of threads of this process: --threads if it was given,
// otherwise the processors that are available to the process, divided among the
// ranks that share them.
int64_t threads_per_process(const train::LaunchInfo& launch,
                            const cli::CommandContext& context);

// Warns, and returns true, if the threads of all processes on this machine are
// more than the processors that they share.
bool warn_of_too_many_threads(const train::LaunchInfo& launch,
                              const cli::CommandContext& context);

}  // namespace gato::commands
