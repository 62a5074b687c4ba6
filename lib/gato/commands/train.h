// gato-train: sequence files to a model.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gato/cli/tool.h"

namespace gato::commands {

// The command of the program, for cli::run.
cli::Command train_command();

}  // namespace gato::commands
