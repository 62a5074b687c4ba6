// gato-eval loss.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

cli::Command eval_loss_command();

}  // namespace gato::commands
