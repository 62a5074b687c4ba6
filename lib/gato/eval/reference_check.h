// Checks whether references define a meaningful scale for scores.
#pragma once

#include <string>
#include <vector>

#include "gato/eval/dataset_outcomes.h"
#include "gato/eval/reference_returns.h"

namespace gato::eval {

enum class FindingSeverity { warning, error };

struct ReferenceFinding {
  FindingSeverity severity;
  // "missing": a task has no random or no expert reference. "order": the expert
  // is no better than random. "near": the gap between the two is smaller than
  // the scatter of the random returns. "deviation": a standard deviation is
  // missing. "settings": episodes were played with different settings than the
  // reference, or these are unknown. "versions": only the versions of packages
  // differ.
  std::string check;
  std::string task;
  std::string policy;  // "random", "expert" or empty
  std::string source;  // of the reference
  std::string message;
};

// Returns what is wrong with the merged references, sorted by task: of the
// tasks of `outcomes` or, if there are none, of all tasks.
std::vector<ReferenceFinding> check_references(
    const ReferenceTable& references,
    const std::vector<DatasetOutcomes>& outcomes, Metric metric);

}  // namespace gato::eval
