// Expert-normalized scores (Reed et al. 2022, section 4.1) per task, per domain
// and over all tasks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gato/eval/dataset_outcomes.h"
#include "gato/eval/reference_returns.h"

namespace gato::eval {

// The score of a task is 100 (mean - random) / (expert - random): 0 is the
// random policy and 100 the expert. An empty optional is undefined; `note` says
// why.
struct TaskScore {
  std::string task, domain;
  int64_t episodes = 0, failed = 0;
  // Statistics of the returns. A failed episode counts with the mean return of
  // the random policy.
  std::optional<double> mean, std, min, max;
  std::optional<double> success_rate;    // in [0, 1]; failures included
  std::optional<double> random, expert;  // mean returns of the references
  std::optional<double> score, score_low, score_high;
  std::string note;
};

// Aggregates over the tasks whose score is defined. Mean and median are over
// task scores; interquartile mean and optimality gap are over the pooled scores
// of all runs (see ScoreReport::bootstrap_unit).
struct AggregateScore {
  std::string domain;  // empty for all tasks
  int64_t task_count = 0;
  std::optional<double> mean, median, iqm, iqm_low, iqm_high, optimality_gap;
};

// The number of tasks whose score is at least `percent` (Reed et al. 2022,
// figure 5).
struct ThresholdCount {
  int percent = 0;
  int64_t task_count = 0;
};

// A dataset that was scored.
struct ScoredDataset {
  std::string path, task, agent;
  int64_t episodes = 0;
  nlohmann::json provenance;
};

struct ScoreReport {
  std::vector<TaskScore> tasks;         // by domain, then name
  std::vector<AggregateScore> domains;  // by name
  AggregateScore overall;
  // The mean of the domain means (Reed et al. 2022, figure 8).
  std::optional<double> domain_mean;
  std::vector<ThresholdCount> thresholds;  // for 0%, 1% ... 100%
  // What counts as a run in the sense of rliable, the unit that the bootstrap
  // resamples. "models": some task was played by several policies, and each
  // policy's mean score on a task is one run. "episodes": every task was played
  // by one policy, and each episode is one run; then the intervals measure the
  // uncertainty of the evaluation, not the variance between trainings.
  std::string bootstrap_unit;
  std::vector<ScoredDataset> datasets;
  uint64_t seed = 0;
  int64_t resamples = 0;
};

struct ScoreOptions {
  uint64_t seed = 0;
  int64_t resamples = 10000;  // number of bootstrap resamples
};

// Computes all scores. Datasets of the same task and policy are pooled. Throws
// Error(bad_input) if two datasets of a task disagree about its domain.
ScoreReport compute_scores(const std::vector<DatasetOutcomes>& outcomes,
                           const ReferenceTable& references,
                           const ScoreOptions& options);

}  // namespace gato::eval
