// The sections of a page that show scores.
#pragma once

#include <vector>

#include "gato/eval/html_page.h"
#include "gato/eval/score.h"

namespace gato::eval {

// Tiles of the overall figures, a bar a task, the thresholds, the tables, and
// what was scored and how.
std::vector<HtmlSection> score_sections(const ScoreReport& report);

}  // namespace gato::eval
