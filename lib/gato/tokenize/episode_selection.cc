#include "gato/tokenize/episode_selection.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

#include "gato/base/error.h"
#include "gato/tokenize/episode_draw.h"
#include "gato/tokenize/expert_return.h"

namespace gato {
namespace {

void warn_of_fewer(const char* option, int64_t wanted, const std::string& task,
                   size_t available) {
  if (static_cast<int64_t>(available) >= wanted) return;
  spdlog::warn("--{} {}: task '{}' has only {} episodes to choose from", option,
               wanted, task, available);
}

}  // namespace

void EpisodeSelection::add(const std::string& task, double total_reward,
                           std::optional<bool> success) {
  if (std::isnan(total_reward) && (options_.keep_return || options_.best)) {
    throw input_error(
        "task '{}': an episode has no rewards, so --{} cannot judge it", task,
        options_.keep_return ? "keep-return" : "best");
  }
  const bool is_passed = !options_.successful || success.value_or(false);
  tasks_[task].candidates.push_back(
      {total_reward, is_passed ? Verdict::kept : Verdict::unsuccessful});
}

bool EpisodeSelection::keeps_next(const std::string& name) {
  Task& task = tasks_.at(name);
  if (needs_all() && !task.is_selected) select(name, task);
  return task.candidates.at(task.asked++).verdict == Verdict::kept;
}

void EpisodeSelection::pass_over(const std::string& name, int64_t episodes) {
  Task& task = tasks_.at(name);
  task.first += static_cast<size_t>(episodes);
  task.asked += static_cast<size_t>(episodes);
}

std::vector<size_t> EpisodeSelection::kept(const Task& task) {
  std::vector<size_t> kept;
  for (size_t i = 0; i < task.candidates.size(); ++i) {
    if (task.candidates[i].verdict == Verdict::kept) kept.push_back(i);
  }
  return kept;
}

int64_t EpisodeSelection::count(const Task& task, Verdict verdict) {
  return std::count_if(
      task.candidates.begin(), task.candidates.end(),
      [verdict](const Candidate& x) { return x.verdict == verdict; });
}

void EpisodeSelection::select(const std::string& name, Task& task) const {
  task.is_selected = true;
  if (options_.keep_return) filter_by_return(name, task);
  if (options_.best) keep_best(name, task);
  if (options_.episodes) draw(name, task);
}

void EpisodeSelection::filter_by_return(const std::string& name,
                                        Task& task) const {
  std::vector<double> returns;
  for (const Candidate& candidate : task.candidates) {
    returns.push_back(candidate.total_reward);
  }
  const double expert = expert_return(returns);
  if (expert <= 0 && !options_.random_return) {
    throw input_error(
        "task '{}': the expert return is {}, of which no share can be kept; "
        "give the return of a random policy with --random-return",
        name, expert);
  }
  const double random = options_.random_return.value_or(0);
  task.threshold = random + *options_.keep_return * (expert - random);
  for (size_t i : kept(task)) {
    Candidate& candidate = task.candidates[i];
    if (candidate.total_reward < *task.threshold) {
      candidate.verdict = Verdict::filtered;
    }
  }
}

void EpisodeSelection::keep_best(const std::string& name, Task& task) const {
  std::vector<size_t> order = kept(task);
  warn_of_fewer("best", *options_.best, name, order.size());
  std::stable_sort(order.begin(), order.end(), [&task](size_t a, size_t b) {
    return task.candidates[a].total_reward > task.candidates[b].total_reward;
  });
  for (auto i = static_cast<size_t>(*options_.best); i < order.size(); ++i) {
    task.candidates[order[i]].verdict = Verdict::not_best;
  }
}

void EpisodeSelection::draw(const std::string& name, Task& task) const {
  const std::vector<size_t> candidates = kept(task);
  warn_of_fewer("episodes", *options_.episodes, name, candidates.size());
  const auto total = static_cast<int64_t>(candidates.size());
  for (size_t i : candidates) task.candidates[i].verdict = Verdict::not_drawn;
  for (int64_t i : draw_episodes(options_.seed, /*repeat=*/1, total,
                                 std::min(total, *options_.episodes))) {
    const size_t drawn = candidates[static_cast<size_t>(i)];
    task.candidates[drawn].verdict = Verdict::kept;
  }
}

std::vector<std::pair<std::string, int64_t>> EpisodeSelection::left_out()
    const {
  const auto total = [this](Verdict verdict) {
    int64_t sum = 0;
    for (const auto& [name, task] : tasks_) {
      sum += std::count_if(
          task.candidates.begin() + static_cast<std::ptrdiff_t>(task.first),
          task.candidates.begin() + static_cast<std::ptrdiff_t>(task.asked),
          [verdict](const Candidate& x) { return x.verdict == verdict; });
    }
    return sum;
  };
  std::vector<std::pair<std::string, int64_t>> counts;
  counts.emplace_back("filtered", total(Verdict::filtered));
  if (options_.successful) {
    counts.emplace_back("unsuccessful", total(Verdict::unsuccessful));
  }
  if (options_.best) counts.emplace_back("not_best", total(Verdict::not_best));
  if (options_.episodes) {
    counts.emplace_back("not_drawn", total(Verdict::not_drawn));
  }
  return counts;
}

void EpisodeSelection::describe(TaskEntry& entry) const {
  const auto found = tasks_.find(entry.spec.name);
  if (found == tasks_.end()) return;
  const Task& task = found->second;
  std::vector<double> known;
  for (const Candidate& candidate : task.candidates) {
    if (!std::isnan(candidate.total_reward)) {
      known.push_back(candidate.total_reward);
    }
  }
  if (!known.empty()) entry.expert_return = expert_return(known);
  entry.random_return = options_.random_return;
  if (!needs_all() && !options_.successful) return;
  const auto episodes = static_cast<int64_t>(task.candidates.size());
  entry.filter = {{"episodes", episodes}, {"kept", count(task, Verdict::kept)}};
  if (options_.successful) {
    entry.filter["unsuccessful"] = count(task, Verdict::unsuccessful);
  }
  if (task.threshold) {
    entry.filter["keep_return"] = *options_.keep_return;
    entry.filter["window"] = expert_window(episodes);
    entry.filter["threshold"] = *task.threshold;
    entry.filter["filtered"] = count(task, Verdict::filtered);
  }
  if (options_.best) {
    entry.filter["best"] = *options_.best;
    entry.filter["not_best"] = count(task, Verdict::not_best);
  }
  if (options_.episodes) {
    entry.filter["drawn"] = *options_.episodes;
    entry.filter["seed"] = options_.seed;
    entry.filter["not_drawn"] = count(task, Verdict::not_drawn);
  }
}

}  // namespace gato
