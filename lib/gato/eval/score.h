// Expert-normalized scores (Reed et al. 2022, section 4.1) per task, per domain
// and over all tasks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gato/eval/dataset_outcomes.h"
#include "gato/eval/performance_profile.h"
#include "gato/eval/reference_returns.h"
#include "gato/eval/report_options.h"

namespace gato::eval {

// The score of a task is 100 (mean - random) / (expert - random): 0 is the
// random policy and 100 the expert. An empty optional is undefined; `note` says
// why.
struct TaskScore {
  std::string task, domain;
  int64_t episodes = 0, failed = 0;
  int64_t runs = 0;  // policies or training runs that played it
  // Statistics of what the episodes are worth by ScoreReport::metric: returns,
  // or 1 and 0. A failed episode counts as the mean of the random policy.
  std::optional<double> mean, std, min, max;
  // Share of all episodes, in [0, 1]; empty if none reports success.
  std::optional<double> success_rate;
  // Mean returns or success rates of the references, and where they are from.
  std::optional<double> random, expert;
  std::string random_source, expert_source;
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
  std::vector<int64_t> domain_counts;  // in the order of ScoreReport::domains
};

// A dataset that was scored.
struct ScoredDataset {
  std::string path, task, agent, run;
  int64_t episodes = 0;
  nlohmann::json provenance, settings, latency;
};

// An episode in which the environment failed.
struct FailedEpisode {
  std::string path, task;
  int64_t episode = 0;
  std::optional<uint64_t> seed;
  std::string message;  // empty if unknown
};

// Several training runs of one configuration, which differ in their seeds.
struct ConfigurationScore {
  std::string name;
  int64_t runs = 0, episodes = 0;
  AggregateScore overall;
  std::optional<double> domain_mean;
  std::string note;
};

struct ScoreReport {
  Metric metric = Metric::mean_return;
  std::vector<TaskScore> tasks;         // by domain, then name
  std::vector<AggregateScore> domains;  // by name
  AggregateScore overall;
  // The mean of the domain means (Reed et al. 2022, figure 8).
  std::optional<double> domain_mean;
  std::vector<ThresholdCount> thresholds;  // for 0%, 1% ... 100%
  std::vector<ProfilePoint> profile;       // for 0%, 1% ... 150%
  // The meaning of a run in the sense of rliable, the unit that the bootstrap
  // resamples. "models": some task was played by several policies or training
  // runs, and the mean score of each on a task is one run. "episodes": every
  // task was played by one policy, and each episode is one run; then the
  // intervals measure the uncertainty of the evaluation, not the variance
  // between trainings.
  std::string bootstrap_unit;
  std::vector<ConfigurationScore> configurations;
  std::vector<ScoredDataset> datasets;
  std::vector<FailedEpisode> failures;
  uint64_t seed = 0;
  int64_t resamples = 0;
};

// A configuration and the datasets of its training runs, each of which has
// DatasetOutcomes::run.
struct Configuration {
  std::string name;
  std::vector<DatasetOutcomes> outcomes;
};

// Computes the scores of one configuration, whose datasets are not kept.
ConfigurationScore compute_configuration_score(
    const Configuration& configuration, const ReferenceTable& references,
    const ReportOptions& options);

// Computes all scores but those of configurations. Datasets of the same task
// and the same policy or training run are pooled. Throws Error(bad_input) if
// two datasets of a task disagree about its domain.
ScoreReport compute_scores(const std::vector<DatasetOutcomes>& outcomes,
                           const ReferenceTable& references,
                           const ReportOptions& options);

}  // namespace gato::eval
