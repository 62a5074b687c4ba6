// The sections of a report page that show scores.
#pragma once

#include <vector>

#include "gato/eval/html_page.h"
#include "gato/eval/score.h"

namespace gato::eval {

// Returns, in order: tiles with the overall numbers, the chart of task scores,
// the threshold plot (if any task has a score), the tables of tasks and
// domains, and the datasets with the commands that produced them and an
// explanation of the method.
std::vector<HtmlSection> score_sections(const ScoreReport& report);

}  // namespace gato::eval
