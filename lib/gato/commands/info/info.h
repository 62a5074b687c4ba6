// The command of gato-info.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

// Returns the command of the program, for cli::run().
cli::Command info_command();

}  // namespace gato::commands
