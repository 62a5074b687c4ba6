// The table that gato-rollout control prints.
#pragma once

#include <string>
#include <vector>

#include "gato/data/episode.h"

namespace gato {

// Returns of one task's episodes.
class TaskScore {
 public:
  explicit TaskScore(std::string task) : task_(std::move(task)) {}
  void add(const Episode& episode);
  int64_t episodes() const { return std::ssize(returns_) + failed_; }
  int64_t failed() const { return failed_; }

  static std::vector<std::string> header();
  // Mean and standard deviation (divided by n) of the returns. Where an episode
  // failed there is no mean, as it must not be left out of one: gato-eval
  // counts it with the random policy's return. Success is the share of all
  // episodes, failed ones included; none where no episode reports any.
  std::vector<std::string> row() const;

 private:
  std::string task_;
  std::vector<double> returns_;
  int64_t failed_ = 0, succeeded_ = 0;
  bool reports_success_ = false;
};

}  // namespace gato
