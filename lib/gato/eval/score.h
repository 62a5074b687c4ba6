// Expert-normalised scores (paper 4.1): of a task, of a domain, of all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gato/eval/dataset_outcomes.h"
#include "gato/eval/reference_returns.h"

namespace gato::eval {

// Scores are in percent of the expert: 100 (mean - random) / (expert - random).
// An empty optional is a number that is not defined; `note` says why.
struct TaskScore {
  std::string task, domain;
  int64_t episodes = 0, failed = 0;
  // Of the returns; a failed episode counts with the random policy's.
  std::optional<double> mean, std, min, max;
  std::optional<double> success_rate;  // share in [0, 1]; a failed one is none
  std::optional<double> random, expert;
  std::optional<double> score, score_low, score_high;
  std::string note;
};

// Over the tasks whose score is defined. Interquartile mean and optimality gap
// pool all entries (see ScoreReport::runs), mean and median are over tasks.
struct AggregateScore {
  std::string domain;  // empty over all tasks
  int64_t task_count = 0;
  std::optional<double> mean, median, iqm, iqm_low, iqm_high, optimality_gap;
};

// How many tasks reach at least this percentage (the paper's figure 5).
struct ThresholdCount {
  int percent = 0;
  int64_t task_count = 0;
};

// What was scored: one dataset.
struct ScoredDataset {
  std::string path, task, agent;
  int64_t episodes = 0;
  nlohmann::json provenance;
};

struct ScoreReport {
  std::vector<TaskScore> tasks;         // by domain, then name
  std::vector<AggregateScore> domains;  // by name
  AggregateScore overall;
  std::optional<double> domain_mean;       // mean over domains (paper figure 8)
  std::vector<ThresholdCount> thresholds;  // 0, 1 ... 100
  // What intervals are over. "models": each agent's mean score of a task is one
  // entry, where a task was played by several. "episodes": there is one agent
  // (a task), each episode is an entry, and the intervals say how
  // sure the evaluation is, not how sure the training.
  std::string bootstrap_unit;
  std::vector<ScoredDataset> datasets;
  uint64_t seed = 0;
  int64_t resamples = 0;
};

struct ScoreOptions {
  uint64_t seed = 0;
  int64_t resamples = 10000;  // of the bootstrap
};

// Datasets of one task and agent are pooled.
ScoreReport compute_scores(const std::vector<DatasetOutcomes>& outcomes,
                           const ReferenceTable& references,
                           const ScoreOptions& options);

}  // namespace gato::eval
