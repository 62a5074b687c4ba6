#include "gato/tokenize/episode_filter.h"

#include <algorithm>
#include <cmath>

#include "gato/base/error.h"
#include "gato/tokenize/expert_return.h"

namespace gato {

void EpisodeFilter::add(const std::string& task, double total_reward) {
  if (!std::isnan(total_reward)) {
    returns_[task].push_back(total_reward);
  } else if (is_active()) {
    throw input_error(
        "task '{}': an episode has no rewards, so --keep-return cannot judge "
        "it",
        task);
  }
}

double EpisodeFilter::threshold(const std::string& task) const {
  const auto known = thresholds_.find(task);
  if (known != thresholds_.end()) return known->second;
  const double expert = expert_return(returns_.at(task));
  if (expert <= 0 && !random_) {
    throw input_error(
        "task '{}': the expert return is {}, of which no share can be kept; "
        "give the return of a random policy with --random-return",
        task, expert);
  }
  const double random = random_.value_or(0);
  return thresholds_[task] = random + *share_ * (expert - random);
}

bool EpisodeFilter::keeps(const std::string& task, double total_reward) const {
  return !is_active() || total_reward >= threshold(task);
}

void EpisodeFilter::describe(TaskEntry& entry) const {
  const auto found = returns_.find(entry.spec.name);
  if (found == returns_.end()) return;
  const std::vector<double>& returns = found->second;
  entry.expert_return = expert_return(returns);
  entry.random_return = random_;
  if (!is_active()) return;
  const double least = threshold(entry.spec.name);
  const auto kept = std::count_if(returns.begin(), returns.end(),
                                  [least](double x) { return x >= least; });
  const auto episodes = static_cast<int64_t>(returns.size());
  entry.filter = {{"keep_return", *share_},
                  {"window", expert_window(episodes)},
                  {"threshold", least},
                  {"episodes", episodes},
                  {"kept", kept}};
}

}  // namespace gato
