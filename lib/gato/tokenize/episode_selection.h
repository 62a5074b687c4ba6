// Which episodes of each task are learned from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gato/data/token_file.h"

namespace gato {

// One after another, each among those that the ones before it keep.
struct SelectionOptions {
  // Those that are known to have succeeded.
  bool successful = false;
  // Returns of at least `keep_return` times the expert's or, where the return
  // of a random policy is given, of random + share x (expert - random). The
  // expert's return is that of all episodes of the task (expert_return.h).
  std::optional<double> keep_return = {}, random_return = {};
  // The `best` with the highest returns; of equal ones the earlier.
  std::optional<int64_t> best = {};
  // As many as `episodes`, drawn from the seed as gato-finetune draws those of
  // its first repeat: the smaller sets lie within the larger ones.
  std::optional<int64_t> episodes = {};
  uint64_t seed = 0;
};

class EpisodeSelection {
 public:
  explicit EpisodeSelection(const SelectionOptions& options)
      : options_(options) {}

  // Whether all episodes must be added before the first is judged; else each is
  // judged when it was added.
  bool needs_all() const {
    return options_.keep_return || options_.best || options_.episodes;
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
  bool keeps_next(const std::string& task);

  // Passes over the next `episodes` of the task: another shard asks for them.
  void pass_over(const std::string& task, int64_t episodes);

  // Episodes that were asked for and are not kept, by reason: "filtered" by
  // their return, and where it was asked for "unsuccessful", "not_best",
  // "not_drawn".
  std::vector<std::pair<std::string, int64_t>> left_out() const;

  // Writes the expert's return, the random one, and what was selected.
  void describe(TaskEntry& entry) const;

 private:
  enum class Verdict : uint8_t {
    kept,
    unsuccessful,
    filtered,
    not_best,
    not_drawn,
  };
  struct Candidate {
    double total_reward;
    Verdict verdict;
  };
  struct Task {
    std::vector<Candidate> candidates;
    size_t first = 0, asked = 0;  // this shard's are [first, asked)
    bool is_selected = false;
    std::optional<double> threshold;  // of --keep-return
  };
  // The candidates that are still kept.
  static std::vector<size_t> kept(const Task& task);
  static int64_t count(const Task& task, Verdict verdict);
  void select(const std::string& name, Task& task) const;
  void filter_by_return(const std::string& name, Task& task) const;
  void keep_best(const std::string& name, Task& task) const;
  void draw(const std::string& name, Task& task) const;

  SelectionOptions options_;
  std::map<std::string, Task> tasks_;
};

}  // namespace gato
