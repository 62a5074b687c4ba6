// gato-rollout chat: a dialogue with a model.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

// Returns the command for cli::Tool.
cli::Command rollout_chat_command();

}  // namespace gato::commands
