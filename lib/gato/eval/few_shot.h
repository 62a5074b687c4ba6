// Few-shot curves: scores against the number of demonstrations (Reed et al.
// 2022, section 5.2 and appendix E).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gato/eval/reference_returns.h"
#include "gato/eval/report_options.h"

namespace gato::eval {

// Successive evaluations that a moving mean covers (Reed et al. 2022, appendix
// E: 5 evaluations of 10 episodes).
constexpr int64_t kMovingMeanLength = 5;

// The outcome of one evaluation.
struct Evaluation {
  int64_t step = 0;
  // The values of the episodes that did not fail: their returns, or 1 if they
  // succeeded and 0 if not.
  std::vector<double> values;
  int64_t failed = 0;
  // The mean of an evaluation whose values were not recorded.
  std::optional<double> recorded_mean = {};
};

// The evaluations of one run: of a network while it was fine-tuned, or the only
// one of a policy that is not trained.
struct FewShotRun {
  std::filesystem::path path;
  std::string task;
  int64_t episodes = 0;  // demonstrations
  int64_t repeat = 0;    // from 1
  int64_t steps = 0;     // of training
  bool is_trained = true;
  std::vector<Evaluation> evaluations;  // in ascending order of steps
};

struct FewShotPoint {
  int64_t episodes = 0, repeat = 0, steps = 0;
  // The mean of each evaluation, nullopt if all of its episodes failed.
  std::vector<std::optional<double>> returns;
  // The highest moving mean of the evaluations; the only mean if the run was
  // not trained. nullopt if there is no moving mean.
  std::optional<double> best_return;
  std::optional<double> score;  // of best_return, in percent of the expert
};

// The points with one number of demonstrations.
struct FewShotSummary {
  int64_t episodes = 0;
  int64_t runs = 0;  // those with a value
  // The mean of the scores or, without references, of the best returns, and its
  // interval.
  std::optional<double> mean, low, high;
};

struct FewShotCurve {
  std::string name;
  std::vector<FewShotPoint> points;  // by number of demonstrations, then repeat
  std::vector<FewShotSummary> summary;  // by number of demonstrations
};

struct FewShotReport {
  std::string task;
  Metric metric = Metric::mean_return;
  std::optional<double> random, expert;  // means of the references
  bool has_scores = false;               // else only returns
  std::vector<FewShotCurve> curves;
  uint64_t seed = 0;
  int64_t resamples = 0;
};

// The runs of a curve and its name.
struct NamedRuns {
  std::string name;
  std::vector<FewShotRun> runs;
};

// Returns the highest mean of kMovingMeanLength successive values; nullopt if
// there is none without an undefined value.
std::optional<double> best_moving_mean(
    const std::vector<std::optional<double>>& values);

// Computes the points and, for each number of demonstrations, the mean over
// repeats with a 95% percentile bootstrap interval. The metric is that with
// which the runs were read. A failed episode of an evaluation counts with the
// random policy's return; if that is unknown, the mean is over the other
// episodes. Throws Error(bad_input) if there is no run, if the runs are of
// different tasks, or if a curve has a repeat twice.
FewShotReport compute_few_shot(const std::vector<NamedRuns>& curves,
                               const ReferenceTable& references,
                               const ReportOptions& options);

}  // namespace gato::eval
