// gato-rollout answer: answers questions about images.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

// Returns the command for cli::Tool.
cli::Command rollout_answer_command();

}  // namespace gato::commands
