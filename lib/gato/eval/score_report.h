// Formats a score report as JSON, CSV and text. For HTML see score_sections.h.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/eval/report_values.h"
#include "gato/eval/score.h"

namespace gato::eval {

// "return" or "success".
const char* metric_name(Metric metric);

// Returns the contents of a score file:
// {"kind": "gato-scores", "version", "oldest_version", "metric",
//  "tasks": [{"task","domain","episodes","failed","runs","mean","std","min",
//    "max","success","random","expert","random_source","expert_source","score",
//    "score_low","score_high","note"}],
//  "domains": [{"domain","tasks","mean","median","iqm","iqm_low","iqm_high",
//    "optimality_gap"}], "overall": {the same, "domain_mean"},
//  "configurations": [{"name","runs","episodes", those of "overall", "note"}],
//  "thresholds": [{"percent","tasks","domains": {NAME: tasks}}],
//  "profile": [{"percent","share","share_low","share_high"}],
//  "failures": [{"path","task","episode","seed","message"}],
//  "runs", "seed", "resamples",
//  "datasets": [{"path","task","source","run","episodes","settings",
//    "latency"}]}
// Numbers that are undefined are null.
nlohmann::json to_json(const ScoreReport& report);

// The lists of to_json() that can be written as CSV, "tasks" first.
const std::vector<std::string>& csv_table_names();

// Returns one of the lists as CSV (RFC 4180), with a header and one line per
// element; "domains" ends with a line for all tasks. Undefined numbers are
// empty.
std::string to_csv(const ScoreReport& report,
                   const std::string& table = "tasks");

// Returns tables of tasks, domains and configurations and a summary line, for a
// terminal.
std::string to_text(const ScoreReport& report);

}  // namespace gato::eval
