#include "gato/eval/task_comparison.h"

#include <algorithm>
#include <utility>

#include "gato/data/task.h"
#include "gato/eval/outcome_pool.h"
#include "gato/eval/statistics.h"

namespace gato::eval {
namespace {

class TaskComparer {
 public:
  TaskComparer(const std::string& name, const TaskSide* a, const TaskSide* b,
               const TaskReferences* references, Metric metric)
      : a_(a), b_(b), metric_(metric) {
    const TaskSide& any = a ? *a : *b;
    task_.task = name;
    task_.domain = any.domain;
    if (references) {
      random_ = reference_value(references->random, metric);
      expert_ = reference_value(references->expert, metric);
    }
  }

  ComparedTask run() {
    count_episodes(a_, task_.episodes_a, task_.failed_a);
    count_episodes(b_, task_.episodes_b, task_.failed_b);
    if (!a_ || !b_) {
      add_note(a_ ? "played by A only" : "played by B only");
      return std::move(result_);
    }
    if (metric_ == Metric::success &&
        !(a_->reports_success && b_->reports_success)) {
      task_.lacks_success = true;
      add_note(fmt::format("no episode of {} reports success",
                           a_->reports_success   ? "B"
                           : b_->reports_success ? "A"
                                                 : "A or B"));
      return std::move(result_);
    }
    compare_pairs();
    compare_all();
    note_settings();
    normalize();
    return std::move(result_);
  }

 private:
  static void count_episodes(const TaskSide* side, int64_t& episodes,
                             int64_t& failed) {
    if (side) {
      episodes = std::ssize(side->episodes);
      failed = std::ranges::count_if(side->episodes, &EpisodeOutcome::failed);
    }
  }

  void add_note(const std::string& text) {
    task_.note += (task_.note.empty() ? "" : "; ") + text;
  }

  // Returns nullopt if the episode failed and the random policy is unknown.
  std::optional<double> value(const EpisodeOutcome& episode) const {
    return episode.failed ? random_
                          : std::optional(episode_value(episode, metric_));
  }

  void normalize() {
    if (!random_ || !expert_ || *expert_ <= *random_) {
      return;
    }
    const double range = *expert_ - *random_;
    samples_.percent_per_unit = 100 / range;
    if (task_.mean_a && task_.mean_b) {
      result_.score_a = 100 * ((*task_.mean_a - *random_) / range);
      result_.score_b = 100 * ((*task_.mean_b - *random_) / range);
    }
  }

  void compare_pairs() {
    std::map<uint64_t, std::vector<const EpisodeOutcome*>> partners;
    for (const EpisodeOutcome& episode : b_->episodes) {
      if (episode.seed) {
        partners[*episode.seed].push_back(&episode);
      }
    }
    std::map<uint64_t, size_t> used;
    for (const EpisodeOutcome& episode : a_->episodes) {
      const auto found =
          episode.seed ? partners.find(*episode.seed) : partners.end();
      if (found == partners.end() ||
          used[*episode.seed] == found->second.size()) {
        continue;
      }
      add_pair(value(episode), value(*found->second[used[*episode.seed]++]));
    }
    const int64_t matched = task_.pairs + task_.left_out;
    if (task_.pairs > 0) {
      task_.difference = mean(samples_.pair_differences);
    }
    judge_pairs(task_);
    if (matched == 0) {
      add_note("no pairs of the same seed, so the means are compared");
    } else if (task_.episodes_a > matched || task_.episodes_b > matched) {
      add_note(fmt::format("{} of A and {} of B have no partner",
                           task_.episodes_a - matched,
                           task_.episodes_b - matched));
    }
  }

  void add_pair(const std::optional<double>& a,
                const std::optional<double>& b) {
    if (!a || !b) {
      ++task_.left_out;
      return;
    }
    ++task_.pairs;
    task_.wins += *a > *b;
    task_.losses += *a < *b;
    task_.ties += *a == *b;
    samples_.pair_differences.push_back(*a - *b);
  }

  // Appends the values of all episodes; returns false, and leaves `values`
  // empty, if one of them is unknown.
  bool append_values(const TaskSide& side, const char* name,
                     std::vector<double>& values) {
    const int64_t failed = &side == a_ ? task_.failed_a : task_.failed_b;
    if (failed > 0) {
      add_note(fmt::format(
          "{} of {} episodes of {} failed, {}", failed, side.episodes.size(),
          name,
          random_ ? "counted as random" : "but the random policy is unknown"));
      if (!random_) {
        return false;
      }
    }
    for (const EpisodeOutcome& episode : side.episodes) {
      values.push_back(*value(episode));
    }
    return true;
  }

  void compare_all() {
    const bool knows_a = append_values(*a_, "A", samples_.a);
    const bool knows_b = append_values(*b_, "B", samples_.b);
    if (knows_a) {
      task_.mean_a = mean(samples_.a);
    }
    if (knows_b) {
      task_.mean_b = mean(samples_.b);
    }
    if (!knows_a || !knows_b) {
      return;
    }
    task_.improvement = probability_of_improvement(samples_.a, samples_.b);
    if (task_.pairs == 0 && task_.left_out == 0) {
      task_.difference = *task_.mean_a - *task_.mean_b;
    }
  }

  void note_settings() {
    data::TaskEntry entry;
    data::add_settings(entry, b_->settings);
    if (const std::string change = data::add_settings(entry, a_->settings);
        !change.empty() && !b_->settings.is_null()) {
      add_note("A was played with different settings than B: " + change);
    }
  }

  const TaskSide* a_;
  const TaskSide* b_;
  Metric metric_;
  std::optional<double> random_, expert_;
  ComparedTask result_;
  TaskComparison& task_ = result_.comparison;
  TaskSamples& samples_ = result_.samples;
};

}  // namespace

std::map<std::string, TaskSide> group_episodes_by_task(
    const std::vector<DatasetOutcomes>& outcomes) {
  std::map<std::string, TaskSide> sides;
  for (const DatasetOutcomes& one : outcomes) {
    const auto [entry, is_new] = sides.try_emplace(one.task);
    TaskSide& side = entry->second;
    if (is_new) {
      side.domain = one.domain;
    }
    require_domain(one, side.domain);
    side.episodes.insert(side.episodes.end(), one.episodes.begin(),
                         one.episodes.end());
    side.reports_success |= one.success_report_count() > 0;
    if (side.settings.is_null()) {
      side.settings = one.settings;
    }
  }
  return sides;
}

ComparedTask compare_task(const std::string& name, const TaskSide* a,
                          const TaskSide* b, const TaskReferences* references,
                          Metric metric) {
  return TaskComparer(name, a, b, references, metric).run();
}

void judge_pairs(TaskComparison& comparison) {
  if (comparison.pairs == 0) {
    return;
  }
  comparison.evidence = sign_test_evidence(comparison.wins, comparison.losses);
  if (*comparison.evidence >= kVerdictEvidence) {
    comparison.verdict =
        comparison.wins > comparison.losses ? Verdict::a : Verdict::b;
  }
}

}  // namespace gato::eval
