// Reads the runs of few-shot curves.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gato/eval/dataset_outcomes.h"
#include "gato/eval/few_shot.h"

namespace gato::eval {

// The runs of an operand of gato-eval few-shot.
struct FewShotInput {
  // The origin of the runs: "nearest" for datasets of that policy, the name of
  // the directory for outputs of gato-finetune.
  std::string name;
  std::vector<FewShotRun> runs;
  std::vector<DatasetOutcomes> datasets;       // those that were read
  std::vector<std::filesystem::path> metrics;  // metrics.jsonl of the runs
};

// Reads the output of gato-finetune --episodes, a directory of runs
// episodes-N-repeat-R, or one such run; or else a dataset played by a policy
// that was given demonstrations, which its attribute gato_demonstrations
// counts, or a directory of such datasets, whose repeats are 0.
//
// Warns of runs that are not complete or have fewer than kMovingMeanLength
// evaluations. Throws Error(io) if the operand does not exist, Error(bad_input)
// if it is none of these, if no run has an evaluation, or if the metric is the
// success and no evaluation reports it.
FewShotInput read_few_shot_input(const std::filesystem::path& operand,
                                 Metric metric = Metric::mean_return);

// Returns the number of steps that a run is to take, as its config.toml says; 0
// if there is none. Throws Error(usage) if that is not valid TOML or the number
// is not an integer.
int64_t planned_steps(const std::filesystem::path& run);

// Appends the runs to a curve. Datasets with the same number of demonstrations
// become repeats, in order.
void append_runs(const std::vector<FewShotRun>& runs, NamedRuns& curve);

}  // namespace gato::eval
