// Formats few-shot curves as JSON, CSV, text and the sections of an HTML page.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/eval/few_shot.h"
#include "gato/eval/html_page.h"

namespace gato::eval {

// Returns {"kind": "gato-few-shot", "version", "oldest_version", "task",
//  "metric", "random", "expert", "unit": "score" or "return", what "summary" is
//  about, "curves": [{"name",
//    "points": [{"episodes","repeat","score","return","returns","steps"}],
//    "summary": [{"episodes","runs","mean","low","high"}]}],
//  "seed", "resamples"}
// Numbers that are undefined are null.
nlohmann::json few_shot_json(const FewShotReport& report);

// Returns the points as CSV (RFC 4180): curve, episodes, repeat, steps, return,
// score, and the means of the evaluations, separated by blanks.
std::string few_shot_csv(const FewShotReport& report);

// Returns a table of the summaries, for a terminal.
std::string few_shot_text(const FewShotReport& report);

// Describes the curves in sentences of plain text.
std::string few_shot_introduction(const FewShotReport& report);

// Returns a section with the chart of the curves and two with their numbers.
std::vector<HtmlSection> few_shot_sections(const FewShotReport& report);

// Returns one section about the curves of several tasks, for another report:
// their charts and the means over repeats.
HtmlSection few_shot_section(const std::vector<FewShotReport>& reports);

}  // namespace gato::eval
