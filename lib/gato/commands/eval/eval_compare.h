// gato-eval compare: compares the episodes of two policies.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

// Returns the command. It prints a table to stdout and writes a report to
// --output if that is given. With --expect-not-worse it returns run_failed if
// there is evidence that the first policy is worse.
cli::Command eval_compare_command();

}  // namespace gato::commands
