// gato-train trains a model on sequence files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gato/cli/tool.h"

namespace gato::commands {

// Returns the command of the program, for cli::run().
cli::Command train_command();

}  // namespace gato::commands
