#pragma once

#include <string>

#include "gato/cli/tool.h"

namespace gato::cli {

// A bash completion: commands, options, choices; file names elsewhere.
std::string bash_completion(const Tool& tool);

}  // namespace gato::cli
