#pragma once

#include <string>

#include "gato/cli/tool.h"

namespace gato::cli {

// The program's man page of section 1, in roff with man(7) macros.
std::string man_page(const Tool& tool);

}  // namespace gato::cli
