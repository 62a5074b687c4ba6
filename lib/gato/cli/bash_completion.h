#pragma once

#include <string>

#include "gato/cli/tool.h"

namespace gato::cli {

// Returns a bash completion script for the program. It completes commands,
// options and their choices, and file names everywhere else.
std::string bash_completion(const Tool& tool);

}  // namespace gato::cli
