// The table that gato-rollout control prints.
#pragma once

#include <string>
#include <vector>

#include "gato/data/episode.h"

namespace gato::rollout {

// Returns of one task's episodes.
class ReturnSummary {
 public:
  explicit ReturnSummary(std::string task) : task_(std::move(task)) {}
  void add(const data::Episode& episode);
  int64_t episode_count() const {
    return std::ssize(returns_) + failure_count_;
  }
  int64_t failure_count() const { return failure_count_; }

  static std::vector<std::string> table_header();
  // Mean and standard deviation (divided by n) of the returns. Where an episode
  // failed there is no mean, as it must not be left out of one: gato-eval
  // counts it with the random policy's return. Success is the share of all
  // episodes, failed ones included; none where no episode reports any.
  std::vector<std::string> table_row() const;

 private:
  std::string task_;
  std::vector<double> returns_;
  int64_t failure_count_ = 0, success_count_ = 0;
  bool has_success_reports_ = false;
};

}  // namespace gato::rollout
