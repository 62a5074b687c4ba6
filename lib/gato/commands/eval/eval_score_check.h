// gato-eval score --check: tests whether references define a meaningful scale.
#pragma once

#include "gato/commands/eval/eval_score_inputs.h"
#include "gato/commands/eval/report_output.h"

namespace gato::commands {

// Prints the findings and writes them to --output. Returns run_failed if one of
// them is at least as severe as --fail-on. Throws Error(usage) for HTML.
base::ExitStatus run_reference_check(const EvalScoreOptions& options,
                                     cli::CommandContext& context,
                                     ReportFormat format);

}  // namespace gato::commands
