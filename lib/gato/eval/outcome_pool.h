// The outcomes of all datasets of a task, by policy or training run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gato/eval/dataset_outcomes.h"

namespace gato::eval {

// The values of the episodes of one policy or training run on a task.
struct RunOutcomes {
  std::vector<double> values;  // of the episodes that did not fail
  int64_t failed = 0;
  // Returns the values, followed by `random` for each failed episode.
  std::vector<double> with_failures(double random) const;
};

struct PooledOutcomes {
  std::string domain;
  std::map<std::string, RunOutcomes> runs;  // by run_name()
  bool are_training_runs = false;  // the names are those of training runs
  int64_t success_count = 0, success_report_count = 0;

  int64_t failed_count() const;
  std::vector<double> all_values(double random) const;
};

// Throws Error(bad_input) if the domain of a dataset is not that of an earlier
// dataset of its task.
void require_domain(const DatasetOutcomes& outcomes, const std::string& domain);

// Pools outcomes by task. Throws Error(bad_input) if two datasets of a task
// disagree about its domain.
std::map<std::string, PooledOutcomes> pool_by_task(
    const std::vector<DatasetOutcomes>& outcomes, Metric metric);

}  // namespace gato::eval
