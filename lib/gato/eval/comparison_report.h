// Formats a comparison as JSON, CSV, text and HTML.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/eval/comparison.h"
#include "gato/eval/html_page.h"

namespace gato::eval {

// Returns {"metric", "tasks": [{"task","domain","episodes_a","episodes_b",
//   "mean_a","mean_b","pairs","wins","losses","ties","difference",
//   "difference_low","difference_high","improvement","improvement_low",
//   "improvement_high","evidence","verdict","left_out","note"}],
//  "overall": {the same without the means, "score_a","score_b"}, "seed",
//  "resamples"}. The verdict is "A", "B" or "open". Numbers that are undefined
// are null.
nlohmann::json to_json(const ComparisonReport& report);

// Returns the tasks as CSV (RFC 4180), with a header, one line per task and one
// for all of them. Undefined numbers are empty.
std::string to_csv(const ComparisonReport& report);

// Returns a table of the tasks and a summary, for a terminal.
std::string to_text(const ComparisonReport& report);

// Returns the chart and the table of a comparison.
HtmlSection comparison_section(const ComparisonReport& report);

// Returns why no pair could be compared, or an empty string if one could.
std::string no_pairs_reason(const ComparisonReport& report);

// Returns the names of the tasks in which every episode of A failed but at
// least one of B did not.
std::vector<std::string> find_failed_tasks(const ComparisonReport& report);

// Returns the names of the tasks, and "all", whose verdict is that A is worse.
std::vector<std::string> find_regressions(const ComparisonReport& report);

}  // namespace gato::eval
