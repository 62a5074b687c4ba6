// Which episodes of each task are learned from.
//
// Few episodes out of many, drawn by chance.
//
// Which episodes are good enough to learn from (paper, section 4.1 and
// appendix on data): those near the return that an expert reached.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gato/data/token_file.h"

namespace gato::ingest {

// One after another, each among those that the ones before it keep.
struct EpisodeSelectionOptions {
  // Those that are known to have succeeded.
  bool successful_only = false;
  // Returns of at least `min_return_fraction` times the expert's or, where the
  // return of a random policy is given, of random + share x (expert - random).
  // The expert's return is that of all episodes of the task (expert_return.h).
  std::optional<double> min_return_fraction = {}, random_return = {};
  // The `best` with the highest returns; of equal ones the earlier.
  std::optional<int64_t> best_count = {};
  // As many as `episodes`, drawn from the seed as gato-finetune draws those of
  // its first repeat: the smaller sets lie within the larger ones.
  std::optional<int64_t> sample_count = {};
  uint64_t seed = 0;
};

class EpisodeSelection {
 public:
  explicit EpisodeSelection(const EpisodeSelectionOptions& options)
      : options_(options) {}

  // Whether all episodes must be added before the first is judged; else each is
  // judged when it was added.
  bool needs_all_episodes() const {
    return options_.min_return_fraction || options_.best_count ||
           options_.sample_count;
  }

  // Adds an episode of a task, in the order in which they were collected. Error
  // (bad_input) where its return is unknown (NaN) and has to be judged by.
  void add(const std::string& task, double total_reward,
           std::optional<bool> success);

  // Whether the next episode of the task is kept: they are asked for in the
  // order in which they were added. Warns once of a task that has fewer than
  // were asked for. Error (bad_input) where the expert's return is not above
  // zero and that of a random policy is not given: no share of it means
  // anything.
  bool accept_next(const std::string& task);

  // Passes over the next `episodes` of the task: another shard asks for them.
  void skip(const std::string& task, int64_t episodes);

  // Episodes that were asked for and are not kept, by reason: "filtered" by
  // their return, and where it was asked for "unsuccessful", "not_best",
  // "not_sampled".
  std::vector<std::pair<std::string, int64_t>> rejected_counts() const;

  // Writes the expert's return, the random one, and what was selected.
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
    size_t shard_begin = 0, next_index = 0;  // this shard's are [first, asked)
    bool is_selected = false;
    std::optional<double> threshold;  // of --keep-return
  };
  // The candidates that are still kept.
  static std::vector<size_t> accepted_indices(const TaskState& task);
  static int64_t count(const TaskState& task, Verdict verdict);
  void select(const std::string& name, TaskState& task) const;
  void filter_by_return(const std::string& name, TaskState& task) const;
  void keep_best(const std::string& name, TaskState& task) const;
  void sample(const std::string& name, TaskState& task) const;

  EpisodeSelectionOptions options_;
  std::map<std::string, TaskState> tasks_;
};

// `count` of [0, total), drawn from seed and repeat. For one repeat the smaller
// sets lie within the larger ones, as in the paper's few-shot curves (appendix
// E). Error (usage) where count is beyond total.
std::vector<int64_t> sample_episodes(uint64_t seed, int64_t repeat,
                                     int64_t total, int64_t count);

// W = max(1, floor(min(1000, N / 10))).
int64_t expert_window_size(int64_t episodes);

// The highest mean return of W consecutive episodes, in the order in which they
// were collected. `returns` is not empty and holds no NaN.
double expert_return(const std::vector<double>& returns);

}  // namespace gato::ingest
