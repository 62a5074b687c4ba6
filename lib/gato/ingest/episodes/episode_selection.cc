// Every episode becomes a Candidate, which begins as accepted; each criterion
// replaces the verdict of those that it rejects. The criteria that compare
// episodes run once per task, at its first accept_next().
#include "gato/ingest/episodes/episode_selection.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gato/base/error.h"
#include "gato/base/permutation.h"
#include "gato/base/random.h"

namespace gato::ingest {
namespace {

// Separates this random stream from all others of the same seed. DO NOT CHANGE
// THIS VALUE: other episodes would be sampled.
constexpr uint64_t kEpisodeSamplingStream = 0x67610005;

void warn_if_fewer(const char* option, int64_t wanted, const std::string& task,
                   size_t available) {
  if (static_cast<int64_t>(available) >= wanted) {
    return;
  }
  spdlog::warn("--{} {}: task '{}' has only {} episodes to choose from", option,
               wanted, task, available);
}

}  // namespace

void EpisodeSelection::add(const std::string& task, double total_reward,
                           std::optional<bool> success) {
  if (std::isnan(total_reward) &&
      (options_.min_return_fraction || options_.best_count)) {
    throw base::input_error(
        "task '{}': an episode has no rewards, which --{} needs", task,
        options_.min_return_fraction ? "keep-return" : "best");
  }
  const bool is_accepted = !options_.successful_only || success.value_or(false);
  tasks_[task].candidates.push_back(
      {total_reward, is_accepted ? Verdict::accepted : Verdict::unsuccessful});
}

bool EpisodeSelection::accept_next(const std::string& name) {
  TaskState& task = tasks_.at(name);
  if (needs_all_episodes() && !task.is_selected) {
    select(name, task);
  }
  return task.candidates.at(task.next_index++).verdict == Verdict::accepted;
}

void EpisodeSelection::skip(const std::string& name, int64_t episodes) {
  TaskState& task = tasks_.at(name);
  task.shard_begin += static_cast<size_t>(episodes);
  task.next_index += static_cast<size_t>(episodes);
}

std::vector<size_t> EpisodeSelection::accepted_indices(const TaskState& task) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < task.candidates.size(); ++i) {
    if (task.candidates[i].verdict == Verdict::accepted) {
      indices.push_back(i);
    }
  }
  return indices;
}

int64_t EpisodeSelection::count(const TaskState& task, Verdict verdict) {
  return std::count_if(
      task.candidates.begin(), task.candidates.end(),
      [verdict](const Candidate& x) { return x.verdict == verdict; });
}

void EpisodeSelection::select(const std::string& name, TaskState& task) const {
  task.is_selected = true;
  if (options_.min_return_fraction) {
    filter_by_return(name, task);
  }
  if (options_.best_count) {
    keep_best(name, task);
  }
  if (options_.sample_count) {
    sample(name, task);
  }
}

void EpisodeSelection::filter_by_return(const std::string& name,
                                        TaskState& task) const {
  std::vector<double> returns;
  for (const Candidate& candidate : task.candidates) {
    returns.push_back(candidate.total_reward);
  }
  const double expert = expert_return(returns);
  if (expert <= 0 && !options_.random_return) {
    throw base::input_error(
        "task '{}': the expert return is {}, so a fraction of it is "
        "meaningless: specify the return of a random policy with "
        "--random-return",
        name, expert);
  }
  const double random = options_.random_return.value_or(0);
  task.threshold = random + *options_.min_return_fraction * (expert - random);
  for (size_t i : accepted_indices(task)) {
    Candidate& candidate = task.candidates[i];
    if (candidate.total_reward < *task.threshold) {
      candidate.verdict = Verdict::below_threshold;
    }
  }
}

void EpisodeSelection::keep_best(const std::string& name,
                                 TaskState& task) const {
  const std::vector<size_t> accepted = accepted_indices(task);
  warn_if_fewer("best", *options_.best_count, name, accepted.size());
  std::vector<double> returns;
  for (const size_t i : accepted) {
    returns.push_back(task.candidates[i].total_reward);
    task.candidates[i].verdict = Verdict::not_best;
  }
  for (const int64_t best : best_episodes(returns, *options_.best_count)) {
    task.candidates[accepted[static_cast<size_t>(best)]].verdict =
        Verdict::accepted;
  }
}

void EpisodeSelection::sample(const std::string& name, TaskState& task) const {
  const std::vector<size_t> candidates = accepted_indices(task);
  warn_if_fewer("episodes", *options_.sample_count, name, candidates.size());
  const auto total = static_cast<int64_t>(candidates.size());
  for (size_t i : candidates) {
    task.candidates[i].verdict = Verdict::not_sampled;
  }
  for (int64_t i : sample_episodes(options_.seed, /*repeat=*/1, total,
                                   std::min(total, *options_.sample_count))) {
    const size_t sampled = candidates[static_cast<size_t>(i)];
    task.candidates[sampled].verdict = Verdict::accepted;
  }
}

std::vector<std::pair<std::string, int64_t>> EpisodeSelection::rejected_counts()
    const {
  const auto total = [this](Verdict verdict) {
    int64_t sum = 0;
    for (const auto& [name, task] : tasks_) {
      sum += std::count_if(
          task.candidates.begin() +
              static_cast<std::ptrdiff_t>(task.shard_begin),
          task.candidates.begin() +
              static_cast<std::ptrdiff_t>(task.next_index),
          [verdict](const Candidate& x) { return x.verdict == verdict; });
    }
    return sum;
  };
  std::vector<std::pair<std::string, int64_t>> counts;
  counts.emplace_back("filtered", total(Verdict::below_threshold));
  if (options_.successful_only) {
    counts.emplace_back("unsuccessful", total(Verdict::unsuccessful));
  }
  if (options_.best_count) {
    counts.emplace_back("not_best", total(Verdict::not_best));
  }
  if (options_.sample_count) {
    counts.emplace_back("not_drawn", total(Verdict::not_sampled));
  }
  return counts;
}

void EpisodeSelection::describe(data::TaskEntry& entry) const {
  const auto found = tasks_.find(entry.spec.name);
  if (found == tasks_.end()) {
    return;
  }
  const TaskState& task = found->second;
  std::vector<double> known;
  for (const Candidate& candidate : task.candidates) {
    if (!std::isnan(candidate.total_reward)) {
      known.push_back(candidate.total_reward);
    }
  }
  if (!known.empty()) {
    entry.expert_return = expert_return(known);
  }
  entry.random_return = options_.random_return;
  if (!needs_all_episodes() && !options_.successful_only) {
    return;
  }
  const auto episodes = static_cast<int64_t>(task.candidates.size());
  entry.filter = {{"episodes", episodes},
                  {"kept", count(task, Verdict::accepted)}};
  if (options_.successful_only) {
    entry.filter["unsuccessful"] = count(task, Verdict::unsuccessful);
  }
  if (task.threshold) {
    entry.filter["keep_return"] = *options_.min_return_fraction;
    entry.filter["window"] = expert_window_size(episodes);
    entry.filter["threshold"] = *task.threshold;
    entry.filter["filtered"] = count(task, Verdict::below_threshold);
  }
  if (options_.best_count) {
    entry.filter["best"] = *options_.best_count;
    entry.filter["not_best"] = count(task, Verdict::not_best);
  }
  if (options_.sample_count) {
    entry.filter["drawn"] = *options_.sample_count;
    entry.filter["seed"] = options_.seed;
    entry.filter["not_drawn"] = count(task, Verdict::not_sampled);
  }
}

std::vector<int64_t> best_episodes(const std::vector<double>& returns,
                                   int64_t count) {
  std::vector<int64_t> order(returns.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return returns[static_cast<size_t>(a)] > returns[static_cast<size_t>(b)];
  });
  order.resize(std::min(order.size(), static_cast<size_t>(count)));
  std::sort(order.begin(), order.end());
  return order;
}

std::vector<int64_t> sample_episodes(uint64_t seed, int64_t repeat,
                                     int64_t total, int64_t count) {
  if (count > total) {
    throw base::usage_error("--episodes {}: there are only {} demonstrations",
                            count, total);
  }
  const uint64_t key = base::random_bits(
      seed, {kEpisodeSamplingStream, static_cast<uint64_t>(repeat)});
  std::vector<int64_t> sampled;
  for (int64_t i = 0; i < count; ++i) {
    sampled.push_back(static_cast<int64_t>(base::permute_index(
        key, 0, static_cast<uint64_t>(total), static_cast<uint64_t>(i))));
  }
  return sampled;
}

int64_t expert_window_size(int64_t episodes) {
  return std::clamp<int64_t>(episodes / 10, 1, 1000);
}

double expert_return(const std::vector<double>& returns) {
  const int64_t window =
      expert_window_size(static_cast<int64_t>(returns.size()));
  // Each window is summed from scratch: a running sum would accumulate rounding
  // errors.
  double best = 0;
  for (auto first = returns.begin(); returns.end() - first >= window; ++first) {
    const double mean = std::accumulate(first, first + window, 0.0) /
                        static_cast<double>(window);
    if (first == returns.begin() || mean > best) {
      best = mean;
    }
  }
  return best;
}

}  // namespace gato::ingest
