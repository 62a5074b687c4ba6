// Selects the episodes of each task to train on: successful ones, those with a
// return close to the expert's (Reed et al. 2022, section 4.1), the best ones,
// or a random sample.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gato/data/token_file.h"

namespace gato::ingest {

// The criteria apply in this order, each to the episodes that the ones before
// it accept.
struct EpisodeSelectionOptions {
  // Accepts episodes that are known to have succeeded.
  bool successful_only = false;
  // Accepts returns of at least min_return_fraction * expert or, if the return
  // of a random policy is given, random + min_return_fraction * (expert -
  // random). The expert's return is expert_return() of all episodes of the
  // task.
  std::optional<double> min_return_fraction = {}, random_return = {};
  // Accepts this many episodes with the highest returns (ties: the earlier
  // one).
  std::optional<int64_t> best_count = {};
  // Accepts this many episodes, sampled with the seed exactly as in the first
  // repeat of gato-finetune: smaller samples are subsets of larger ones.
  std::optional<int64_t> sample_count = {};
  uint64_t seed = 0;
};

class EpisodeSelection {
 public:
  explicit EpisodeSelection(const EpisodeSelectionOptions& options)
      : options_(options) {}

  // Returns whether all episodes must be added before the first is judged.
  // Otherwise each can be judged once it has been added.
  bool needs_all_episodes() const {
    return options_.min_return_fraction || options_.best_count ||
           options_.sample_count;
  }

  // Adds an episode of a task; episodes are added in the order in which they
  // were collected. Throws Error(bad_input) if the return is unknown (NaN) but
  // needed.
  void add(const std::string& task, double total_reward,
           std::optional<bool> success);

  // Returns whether the next episode of the task, in the order in which they
  // were added, is accepted. Warns once per task that has fewer episodes than
  // requested. Throws Error(bad_input) if the expert's return is not positive
  // and no return of a random policy is given: a fraction of it is meaningless.
  bool accept_next(const std::string& task);

  // Skips the next `episodes` episodes of the task, which belong to other
  // shards.
  void skip(const std::string& task, int64_t episodes);

  // Returns the number of episodes that accept_next() rejected, by reason:
  // "filtered" (by return) and, if the criterion is in use, "unsuccessful",
  // "not_best" and "not_drawn".
  std::vector<std::pair<std::string, int64_t>> rejected_counts() const;

  // Sets the returns of the expert and of the random policy, and the counts of
  // the selection.
  void describe(data::TaskEntry& entry) const;

 private:
  enum class Verdict : uint8_t {
    accepted,
    unsuccessful,
    below_threshold,
    not_best,
    not_sampled,
  };
  struct Candidate {
    double total_reward;
    Verdict verdict;
  };
  struct TaskState {
    std::vector<Candidate> candidates;
    // Candidates of this shard judged so far: [shard_begin, next_index).
    size_t shard_begin = 0, next_index = 0;
    bool is_selected = false;
    std::optional<double> threshold;  // of the return
  };
  // Returns the candidates that no criterion has rejected yet.
  static std::vector<size_t> accepted_indices(const TaskState& task);
  static int64_t count(const TaskState& task, Verdict verdict);
  void select(const std::string& name, TaskState& task) const;
  void filter_by_return(const std::string& name, TaskState& task) const;
  void keep_best(const std::string& name, TaskState& task) const;
  void sample(const std::string& name, TaskState& task) const;

  EpisodeSelectionOptions options_;
  std::map<std::string, TaskState> tasks_;
};

// Returns the indices of the `count` highest returns (ties: the earlier ones),
// in ascending order, or all of them if there are fewer. No return is NaN.
std::vector<int64_t> best_episodes(const std::vector<double>& returns,
                                   int64_t count);

// Returns `count` distinct integers of [0, total), which are sampled as a
// function of the seed and the repeat. Smaller samples of one repeat are
// subsets of larger ones, as in the few-shot curves of Reed et al. 2022
// (appendix E). Throws Error(usage) if count > total.
std::vector<int64_t> sample_episodes(uint64_t seed, int64_t repeat,
                                     int64_t total, int64_t count);

// Returns the window W = max(1, min(1000, floor(N / 10))) for N episodes.
int64_t expert_window_size(int64_t episodes);

// Returns the highest mean return of W consecutive episodes, in the order in
// which they were collected. `returns` is not empty and contains no NaN.
double expert_return(const std::vector<double>& returns);

}  // namespace gato::ingest
