// Checks of the options of gato-rollout control.
#pragma once

#include "gato/cli/tool.h"
#include "gato/commands/rollout/rollout_control.h"

namespace gato::commands {

// Throws Error(usage) if options are mutually exclusive or an output cannot be
// written, before any environment is started.
void validate_control_options(const RolloutControlOptions& options,
                              const cli::CommonOptions& common);

}  // namespace gato::commands
