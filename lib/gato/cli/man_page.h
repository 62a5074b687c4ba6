#pragma once

#include <string>

#include "gato/cli/tool.h"

namespace gato::cli {

// Returns the program's man page (section 1) in roff with man(7) macros.
std::string man_page(const Tool& tool);

}  // namespace gato::cli
