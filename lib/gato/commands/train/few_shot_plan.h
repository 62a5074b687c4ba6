// The runs of a few-shot curve, and the demonstrations of each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gato/train/input/demonstration_dataset.h"

namespace gato::commands {

struct FewShotOptions {
  std::vector<int64_t> episodes;  // numbers of demonstrations; empty: no curve
  int64_t repeats = 1;
  std::optional<std::string> only;  // EPISODES:REPEAT
  // The number of best demonstrations that are used, or sampled from; 0: all.
  std::optional<int64_t> best;
};

// A run on some of the demonstrations or, without a number of episodes, on all.
struct PlannedRun {
  std::optional<int64_t> episode_count;
  int64_t repeat = 0;  // from 1
  std::string only;    // EPISODES:REPEAT; empty without a number of episodes
  std::string name;    // of its directory in OUTPUT; empty: OUTPUT itself
  // Indices of usable episodes. Set by select_demonstrations().
  std::vector<int64_t> episodes;
};

// Throws Error(usage) if the options are invalid.
void check_few_shot_options(const FewShotOptions& options);

// Returns the runs, repeat by repeat, or the only one of FewShotOptions::only.
std::vector<PlannedRun> plan_runs(const FewShotOptions& options);

// Chooses the demonstrations of each run (Reed et al. 2022, appendix E): those
// of a repeat are sampled from the best ones, and smaller samples are subsets
// of larger ones. They depend on the seed, the number, the repeat and `best`,
// but not on the other runs. Throws Error(usage) if there are too few
// demonstrations, Error(bad_input) if returns are needed but unknown.
void select_demonstrations(const std::vector<train::Demonstration>& usable,
                           const FewShotOptions& options, uint64_t seed,
                           std::vector<PlannedRun>& runs);

}  // namespace gato::commands
