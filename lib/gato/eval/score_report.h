// A score report as JSON, CSV and text; eval/html_page.h has the HTML.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gato/eval/score.h"

namespace gato::eval {

// {"kind": "gato-scores", "version", "oldest_version",
//  "tasks": [{"task","domain","episodes","failed","mean","std","min","max",
//    "success","random","expert","score","score_low","score_high","note"}],
//  "domains": [{"domain","tasks","mean","median","iqm","iqm_low","iqm_high",
//    "optimality_gap"}], "overall": {the same and "domain_mean"},
//  "thresholds": [{"percent","tasks"}], "runs", "seed", "resamples",
//  "datasets": [{"path","task","source","episodes"}]}
// null where a number is not defined.
nlohmann::json to_json(const ScoreReport& report);

// The tasks, a header line and a line each (RFC 4180); empty where undefined.
std::string to_csv(const ScoreReport& report);

// For reading: tasks, domains, and what was reached overall.
std::string to_text(const ScoreReport& report);

// "12.3" with so many decimals, or `missing`.
std::string format_number(const std::optional<double>& value, int decimals,
                          const std::string& missing = "-");
// Returns of any size in few digits: "0.93", "16912", "1.2e+07".
std::string format_return(const std::optional<double>& value);

}  // namespace gato::eval
