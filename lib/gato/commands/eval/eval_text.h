// gato-eval text.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

// Returns the command "text" of gato-eval, for cli::run().
cli::Command eval_text_command();

}  // namespace gato::commands
