// The steps of demonstrations, from which actions are retrieved.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "gato/data/episode.h"
#include "gato/rollout/neighbor_index.h"
#include "gato/rollout/observation_features.h"

namespace gato::rollout {

// The observations and actions of all steps of the demonstrations of a task,
// numbered in the order of the episodes.
//
// The distance between two observations is that of NeighborIndex between their
// ObservationFeatures. Only steps with the same texts are compared: each text
// field in turn excludes the steps with another text, unless it would exclude
// all of them.
class Demonstrations {
 public:
  explicit Demonstrations(data::TaskSpec task);

  // Adds an episode, whose fields are in the order of the task. The actions are
  // the expert's if the episode has them. Throws Error(bad_input) if an
  // observation or an action is not finite.
  void add_episode(const data::Episode& episode);
  // Prepares searches. No episodes can be added afterwards.
  void finish() { index_.finish(); }

  const data::TaskSpec& task() const { return task_; }
  int64_t episode_count() const { return episode_count_; }
  int64_t step_count() const { return index_.row_count(); }

  // The steps that are nearest to an observation, or what is wrong with it.
  struct Match {
    std::vector<int64_t> steps;  // nearest first
    std::string failure;
  };
  // Finds the `count` nearest steps of each observation; of equally near ones,
  // the earlier. May be called by several threads at the same time.
  std::vector<Match> find_nearest(
      std::span<const data::FieldValues* const> observations,
      int64_t count) const;

  // Returns the action of one step.
  data::FieldValues action(int64_t step) const;
  // Returns the mean of the continuous elements of the actions of several
  // steps, and the most frequent of the discrete ones: of equally frequent
  // ones, the smallest.
  data::FieldValues combined_action(std::span<const int64_t> steps) const;

 private:
  // Returns the group of the steps with these texts; adds it if it is new.
  int64_t find_or_add_group(std::vector<std::string> texts);
  std::vector<int64_t> matching_groups(
      const std::vector<std::string>& texts) const;

  data::TaskSpec task_;
  ObservationFeatures features_;
  NeighborIndex index_;
  std::vector<data::Array> actions_;  // [steps, shape...], one per field
  int64_t episode_count_ = 0;
  // Steps with equal texts form a group. Texts are numbered in each field.
  std::map<std::vector<std::string>, int64_t> group_numbers_;
  std::vector<std::vector<int64_t>> group_texts_;  // [groups, text fields]
  std::vector<std::unordered_map<std::string, int64_t>> text_numbers_;
};

struct DemonstrationOptions {
  std::vector<std::string> datasets;  // directories, too
  int64_t max_episode_steps = 0;      // of ingest::EpisodeSourceOptions
  // True if this run plays no other task. D4RL and robomimic files, whose own
  // task names differ, then count as demonstrations of it.
  bool is_only_task = true;
};

// Reads the demonstrations of a task: the episodes of all datasets of this name
// that did not fail. Throws Error(bad_input) if there are none, if a dataset
// has other fields, or if it cannot be read.
std::shared_ptr<const Demonstrations> read_demonstrations(
    const data::TaskSpec& task, const DemonstrationOptions& options);

}  // namespace gato::rollout
