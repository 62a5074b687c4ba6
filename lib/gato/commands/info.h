// The command of gato-info.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

cli::Command info_command();

}  // namespace gato::commands
