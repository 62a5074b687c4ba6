// Plays the tasks that the options of gato-rollout control name.
#pragma once

#include "gato/cli/tool.h"
#include "gato/commands/rollout/rollout_control.h"

namespace gato::commands {

// Plays every task with the same agent, writes the datasets and the video, and
// prints the table of returns. The options must be valid, and `table` is
// theirs. Returns run_failed if all episodes of a task failed, and
// stopped_early if a signal stopped the run and there are complete episodes,
// which are kept for --resume.
base::ExitStatus play_tasks(const RolloutControlOptions& options,
                            const cli::OptionTable& table,
                            cli::CommandContext& context);

}  // namespace gato::commands
