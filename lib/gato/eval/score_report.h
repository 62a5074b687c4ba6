// Formats a score report as JSON, CSV and text. For HTML see score_sections.h.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gato/eval/score.h"

namespace gato::eval {

// Returns the contents of a score file:
// {"kind": "gato-scores", "version", "oldest_version",
//  "tasks": [{"task","domain","episodes","failed","mean","std","min","max",
//    "success","random","expert","score","score_low","score_high","note"}],
//  "domains": [{"domain","tasks","mean","median","iqm","iqm_low","iqm_high",
//    "optimality_gap"}], "overall": {the same, "domain_mean"},
//  "thresholds": [{"percent","tasks"}], "runs", "seed", "resamples",
//  "datasets": [{"path","task","source","episodes"}]}
// Numbers that are undefined are null.
nlohmann::json to_json(const ScoreReport& report);

// Returns the tasks as CSV (RFC 4180), with a header and one line per task.
// Undefined numbers are empty.
std::string to_csv(const ScoreReport& report);

// Returns tables of tasks and domains and a summary line, for a terminal.
std::string to_text(const ScoreReport& report);

// Returns the value with `decimals` decimals, or `missing` if it is undefined.
std::string format_number(const std::optional<double>& value, int decimals,
                          const std::string& missing = "-");
// Returns the value with up to five significant digits, such as "0.93", "16912"
// or "1.2e+07", or "-" if it is undefined.
std::string format_return(const std::optional<double>& value);

}  // namespace gato::eval
