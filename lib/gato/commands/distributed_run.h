// One process or many: who does the work of a run.
#pragma once

#include <cstdint>
#include <functional>

#include "gato/cli/tool.h"
#include "gato/commands/training_options.h"
#include "gato/train/distributed/process_group.h"

namespace gato::commands {

// Does `work` in this process alone, or in this rank of those that a launcher
// has started, or in ranks that this process starts and waits for. Only the
// first rank shows information; the warnings and errors of the others begin
// with "NAME[RANK]:". Nothing may have used LibTorch before.
base::ExitStatus run_distributed(
    const ProcessOptions& options, bool shards_optimizer,
    const cli::CommandContext& context,
    const std::function<base::ExitStatus(train::ProcessGroup&)>& work);

// Threads of this process: --threads, where it was given; else its share of the
// processors, which it may have to itself already.
int64_t threads_per_process(const train::LaunchInfo& launch,
                            const cli::CommandContext& context);

}  // namespace gato::commands
