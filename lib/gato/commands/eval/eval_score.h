// gato-eval score: scores episodes against references and writes a report.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

// Returns the command. It prints tables to stdout and writes a report to
// --output if that is given; its extension (.json, .csv or .html) selects the
// format.
cli::Command eval_score_command();

}  // namespace gato::commands
