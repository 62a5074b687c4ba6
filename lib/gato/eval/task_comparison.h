// Compares the episodes of two policies, A and B, on one task, without
// intervals.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gato/eval/dataset_outcomes.h"
#include "gato/eval/reference_returns.h"

namespace gato::eval {

enum class Verdict { open, a, b };

// The comparison on one task, or over all tasks. What is undefined is empty.
struct TaskComparison {
  std::string task, domain;
  int64_t episodes_a = 0, episodes_b = 0;
  int64_t failed_a = 0, failed_b = 0;  // of these episodes
  // Mean values of all episodes; a failed one counts as random.
  std::optional<double> mean_a, mean_b;
  // Episodes of A and B with the same seed; the k-th episode of A with a seed
  // is paired with the k-th of B. A is better in `wins` of the pairs.
  int64_t pairs = 0, wins = 0, losses = 0, ties = 0;
  // Mean of A - B over the pairs; without any, the difference of the means. The
  // interval is that of a bootstrap over pairs or, without any, over the
  // episodes of A and those of B. Over all tasks: the mean of the differences
  // of the tasks in percent of the expert, resampled within each task.
  std::optional<double> difference, difference_low, difference_high;
  // probability_of_improvement() of all episodes; over all tasks, the mean of
  // those of the tasks. The bootstrap resamples A and B independently.
  std::optional<double> improvement, improvement_low, improvement_high;
  std::optional<double> evidence;  // sign_test_evidence(); empty without pairs
  // The policy that the evidence favors if it is at least 20. The probability
  // that it ever favors the wrong policy, however often it is checked, is at
  // most 5%.
  Verdict verdict = Verdict::open;
  // Pairs that are left out because an episode failed and the random policy's
  // value is unknown.
  int64_t left_out = 0;
  // True if success is compared although the episodes of a side do not report
  // it.
  bool lacks_success = false;
  std::string note;
};

// The minimum evidence for a verdict.
inline constexpr double kVerdictEvidence = 20;

// The episodes of one policy on one task, in the order of its datasets.
struct TaskSide {
  std::vector<EpisodeOutcome> episodes;
  std::string domain;
  nlohmann::json settings;  // of the first dataset that has any
  bool reports_success = false;
};

// The samples that the bootstrap of a task resamples.
struct TaskSamples {
  std::vector<double> pair_differences;
  std::vector<double> a, b;  // values of all episodes, if all are known
  // Differences times this are in percent of the expert; 0 without usable
  // references.
  double percent_per_unit = 0;
};

struct ComparedTask {
  TaskComparison comparison;
  TaskSamples samples;
  std::optional<double> score_a, score_b;  // as TaskScore::score
};

// Groups the episodes of a policy by task. Throws Error(bad_input) if two
// datasets of a task disagree about its domain.
std::map<std::string, TaskSide> group_episodes_by_task(
    const std::vector<DatasetOutcomes>& outcomes);

// Compares the sides, of which one may be null. `references` may be null.
ComparedTask compare_task(const std::string& name, const TaskSide* a,
                          const TaskSide* b, const TaskReferences* references,
                          Metric metric);

// Sets the evidence and the verdict from the pairs.
void judge_pairs(TaskComparison& comparison);

}  // namespace gato::eval
