// Warnings of gato-eval score about references that do not fit the episodes.
#pragma once

#include "gato/commands/eval/eval_score_inputs.h"
#include "gato/eval/score.h"

namespace gato::commands {

// Logs a warning that says why a report has no scores.
void warn_without_scores(const eval::ScoreReport& report,
                         const eval::ReferenceTable& references);

// Logs a warning if episodes were played with different settings than their
// references.
void warn_about_settings(const ScoreInputs& inputs,
                         const eval::ReferenceTable& references,
                         eval::Metric metric);

}  // namespace gato::commands
