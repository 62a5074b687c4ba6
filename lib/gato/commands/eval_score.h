// gato-eval score: episodes and references to a report.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

// The command of gato-eval, for cli::run. The table goes to stdout, the report
// to the output, where one is named: .json, .csv or .html.
cli::Command score_command();

}  // namespace gato::commands
