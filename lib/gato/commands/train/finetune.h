// gato-finetune fine-tunes a model on a few demonstrations.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

// Returns the command of the program, for cli::run().
cli::Command finetune_command();

}  // namespace gato::commands
