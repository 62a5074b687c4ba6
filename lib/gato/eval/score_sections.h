// The sections of a report page that show scores.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gato/eval/html_page.h"
#include "gato/eval/score.h"

namespace gato::eval {

// Returns, in order: tiles with the overall numbers, the configurations (if
// any), the plot of tasks at or above each score, the domains, the performance
// profile (these two if any task has a score), the chart and the table of
// tasks, the failures and latencies (if any), and last the datasets with the
// commands that produced them and an explanation of the method. `task_links`
// maps tasks to addresses on the page, such as that of a video.
std::vector<HtmlSection> score_sections(
    const ScoreReport& report,
    const std::map<std::string, std::string>& task_links = {});

}  // namespace gato::eval
