// Compares the episodes of two policies, A (the candidate) and B (the
// baseline), task by task and over all tasks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gato/eval/dataset_outcomes.h"
#include "gato/eval/reference_returns.h"
#include "gato/eval/report_options.h"
#include "gato/eval/task_comparison.h"

namespace gato::eval {

struct ComparisonReport {
  Metric metric = Metric::mean_return;
  std::vector<TaskComparison> tasks;  // by domain, then name
  TaskComparison overall;             // its task and domain are "all"
  // Mean scores over the tasks that both sides played and that have a score.
  std::optional<double> score_a, score_b;
  uint64_t seed = 0;
  int64_t resamples = 0;
};

// Compares the episodes of `a` with those of `b`. Throws Error(bad_input) if
// two datasets of a task disagree about its domain.
ComparisonReport compare_outcomes(const std::vector<DatasetOutcomes>& a,
                                  const std::vector<DatasetOutcomes>& b,
                                  const ReferenceTable& references,
                                  const ReportOptions& options);

}  // namespace gato::eval
