// Keeps the episodes of a task whose return comes near the expert's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gato/data/token_file.h"

namespace gato {

// What is known of each task's returns, by its name, in the order in which the
// episodes were collected.
class EpisodeFilter {
 public:
  // Keeps returns of at least `share` times the expert's or, where the return
  // of a random policy is given, of random + share x (expert - random).
  // Everything is kept where `share` is not given.
  EpisodeFilter(std::optional<double> share, std::optional<double> random)
      : share_(share), random_(random) {}

  bool is_active() const { return share_.has_value(); }
  // All episodes are added before the first is judged. Unknown returns (NaN)
  // are passed over where nothing is filtered, else Error (bad_input).
  void add(const std::string& task, double total_reward);
  // Error (bad_input) where the expert's return is not above zero and that of
  // a random policy is not given: no share of it means anything.
  bool keeps(const std::string& task, double total_reward) const;
  // Writes the expert's return, the random one, and what was filtered.
  void describe(TaskEntry& entry) const;

 private:
  double threshold(const std::string& task) const;

  std::optional<double> share_, random_;
  std::map<std::string, std::vector<double>> returns_;
  mutable std::map<std::string, double> thresholds_;
};

}  // namespace gato
