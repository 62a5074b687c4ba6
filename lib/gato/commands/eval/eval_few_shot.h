// gato-eval few-shot: curves of score against the number of demonstrations.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

cli::Command eval_few_shot_command();

}  // namespace gato::commands
