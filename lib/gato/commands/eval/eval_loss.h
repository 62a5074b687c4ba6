// gato-eval loss.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

// Returns the command "loss" of gato-eval, for cli::run().
cli::Command eval_loss_command();

}  // namespace gato::commands
