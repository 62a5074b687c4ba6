// Summarizes the returns of a task, as gato-rollout control prints them.
#pragma once

#include <string>
#include <vector>

#include "gato/data/episode.h"

namespace gato::rollout {

class ReturnSummary {
 public:
  explicit ReturnSummary(std::string task) : task_(std::move(task)) {}
  void add(const data::Episode& episode);
  int64_t episode_count() const {
    return std::ssize(returns_) + failure_count_;
  }
  const std::string& task() const { return task_; }
  int64_t failure_count() const { return failure_count_; }

  static std::vector<std::string> table_header();
  // Returns the cells of the header's columns. The standard deviation is that
  // of a population (divided by n). If an episode failed, mean and standard
  // deviation are empty, because they must not leave it out: gato-eval counts
  // it with the random policy's return. Success is a fraction of all episodes,
  // including failed ones, and is empty if no episode reports it.
  std::vector<std::string> table_row() const;

 private:
  std::string task_;
  std::vector<double> returns_;
  int64_t failure_count_ = 0, success_count_ = 0;
  bool has_success_reports_ = false;
};

}  // namespace gato::rollout
