// One process or many: who does the work of a run.
#pragma once

#include <cstdint>
#include <functional>

#include "gato/cli/tool.h"
#include "gato/train/distributed/ranks.h"
#include "gato/train/options.h"

namespace gato {

// Does `work` in this process alone, or in this rank of those that a launcher
// has started, or in ranks that this process starts and waits for. Only the
// first rank shows information; the warnings and errors of the others begin
// with "NAME[RANK]:". Nothing may have used LibTorch before.
ExitStatus run_in_ranks(const ProcessOptions& options,
                        const cli::Context& context,
                        const std::function<ExitStatus(Ranks&)>& work);

// Threads of this process: --threads, where it was given; else its share of the
// processors, which it may have to itself already.
int64_t threads_of(const Launch& launch, const cli::Context& context);

}  // namespace gato
