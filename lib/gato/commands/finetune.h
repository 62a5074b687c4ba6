// gato-finetune: a model and few demonstrations to a model.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

// The command of the program, for cli::run.
cli::Command finetune_command();

}  // namespace gato::commands
