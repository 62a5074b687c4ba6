// Formats what check_references() found as JSON, CSV and text.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/eval/reference_check.h"

namespace gato::eval {

// Returns {"metric", "findings": [{"severity","check","task","policy","source",
//   "message"}], "references": [{"task","policy","mean","std","n","success",
//   "source","set","used","settings"}]}. A task and policy has an entry per set
// that contains it; the last one is used.
nlohmann::json check_to_json(const std::vector<ReferenceFinding>& findings,
                             const std::vector<ReferenceSet>& sets,
                             Metric metric);

// Returns the findings as CSV (RFC 4180).
std::string check_to_csv(const std::vector<ReferenceFinding>& findings);

// Returns a table of the references of tasks that several sets contain, side by
// side, if there are any, and a table of the findings, for a terminal.
std::string check_to_text(const std::vector<ReferenceFinding>& findings,
                          const std::vector<ReferenceSet>& sets);

}  // namespace gato::eval
