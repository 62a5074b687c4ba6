// The main thread reads episodes without their large columns and submits a job
// for each. The jobs read these columns and scan the episode; what they found
// is added in the order of the episodes.
#include "gato/eval/check/dataset_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/ordered_thread_pool.h"
#include "gato/data/tokens.h"
#include "gato/eval/check/episode_scan.h"
#include "gato/eval/check/field_summary.h"

namespace gato::eval {
namespace {

class DatasetChecker {
 public:
  DatasetChecker(ingest::EpisodeSource& source,
                 const DatasetCheckOptions& options)
      : source_(source),
        options_(options),
        scanner_(source.spec(), options.coverage) {
    for (const data::Field& field : source.spec().observation_fields) {
      observations_.emplace_back(field, FieldSummary::Kind::observation);
      has_fine_observations_ |= field.role == data::Role::continuous ||
                                field.role == data::Role::image;
    }
    for (const data::Field& field : source.spec().action_fields) {
      actions_.emplace_back(field, FieldSummary::Kind::action);
      experts_.emplace_back(field, FieldSummary::Kind::expert_action);
    }
  }

  std::vector<Finding> run() {
    base::Progress progress(options_.progress, "check", "episodes",
                            source_.episode_count());
    base::OrderedThreadPool jobs(options_.threads);
    for (int64_t i = 0; i < source_.episode_count(); ++i) {
      auto deferred = std::make_shared<ingest::DeferredReads>();
      auto episode = std::make_shared<data::Episode>();
      const std::string refusal = refused(
          [&] { *episode = source_.read_partial_episode(i, *deferred); });
      if (!refusal.empty()) {
        jobs.submit([this, refusal, &progress](int64_t) {
          return [this, refusal, &progress] {
            add_unreadable(refusal);
            progress.advance();
          };
        });
        continue;
      }
      jobs.submit([this, deferred, episode, &progress](int64_t) {
        auto scan = std::make_shared<EpisodeScan>();
        const std::string refusal = refused([&] {
          deferred->run(*episode);
          if (!episode->failed && episode->step_count() > 0) {
            *scan = scanner_.scan(*episode);
          }
        });
        const bool failed = episode->failed;
        return [this, refusal, failed, scan, &progress] {
          if (!refusal.empty()) {
            add_unreadable(refusal);
          } else if (failed) {
            ++failed_;
          } else if (scan->steps == 0) {
            ++empty_;
          } else {
            add(*scan);
          }
          progress.advance();
        };
      });
    }
    jobs.wait_all();
    return report();
  }

 private:
  // Returns the message of the Error(bad_input) that `work` throws, or an empty
  // string.
  template <class Work>
  static std::string refused(Work work) {
    try {
      work();
    } catch (const base::Error& error) {
      if (error.status() != base::ExitStatus::bad_input) {
        throw;
      }
      return error.what();
    }
    return "";
  }

  void add_unreadable(const std::string& message) {
    if (unreadable_++ == 0) {
      first_refusal_ = message;
    }
  }

  void add(const EpisodeScan& scan) {
    ++episodes_;
    steps_ += scan.steps;
    length_one_ += scan.steps == 1;
    for (size_t i = 0; i < observations_.size(); ++i) {
      observations_[i].add(scan.observations[i], scan.id);
    }
    for (size_t i = 0; i < actions_.size(); ++i) {
      actions_[i].add(scan.actions[i], scan.id);
      if (!scan.experts.empty()) {
        experts_[i].add(scan.experts[i], scan.id);
      }
    }
    if (scan.steps > 1) {
      const auto [earlier, is_new] = digests_.try_emplace(scan.digest, scan.id);
      if (!is_new && repeated_++ == 0) {
        first_repeated_ = {scan.id, earlier->second};
      }
    }
    bad_rewards_.add_episode(scan.bad_rewards, scan.id);
    with_rewards_ += scan.has_rewards;
    nonzero_rewards_ += scan.nonzero_rewards;
    reporting_success_ += scan.success.has_value();
    successes_ += scan.success.value_or(false);
    if (scan.ends_early && ending_early_++ == 0) {
      first_ending_early_ = scan.id;
    }
  }

  std::vector<Finding> report() {
    findings_ = scanner_.space_findings();
    report_episodes();
    for (const auto* summaries : {&observations_, &actions_, &experts_}) {
      for (const FieldSummary& summary : *summaries) {
        summary.report(findings_);
      }
    }
    report_stillness();
    report_step_size();
    report_outcomes();
    sort_findings(findings_);
    return std::move(findings_);
  }

  void add_finding(Severity severity, const char* check, const char* key,
                   std::string message, int64_t count) {
    findings_.push_back({severity, check, key, std::move(message), count});
  }

  // Reports `count` episodes that are not training data.
  void report_left_out(int64_t count, const char* check, const char* what) {
    if (count > 0) {
      add_finding(Severity::warning, check, "",
                  fmt::format("{} of {} episodes {}: gato-tokenize leaves them "
                              "out",
                              count, source_.episode_count(), what),
                  count);
    }
  }

  void report_episodes() {
    const int64_t all = source_.episode_count();
    if (unreadable_ > 0) {
      add_finding(Severity::error, "unreadable", "",
                  fmt::format("{} of {} episodes cannot be read, the first "
                              "because: {}",
                              unreadable_, all, first_refusal_),
                  unreadable_);
    }
    if (episodes_ == 0 && unreadable_ == 0) {
      add_finding(Severity::error, "no_episodes", "",
                  "there is no episode with a step that did not fail: there is "
                  "nothing to learn from",
                  all);
      return;
    }
    report_left_out(failed_, "failed", "failed in the environment");
    report_left_out(empty_, "empty", "have no steps");
    if (length_one_ > 0) {
      add_finding(
          Severity::warning, "length_one", "",
          fmt::format(
              "{} of {} episodes have a single step: unless the task can end "
              "at once, check where the recording divides episodes",
              length_one_, episodes_),
          length_one_);
    }
    // Equal episodes are natural in a small world of discrete observations.
    if (repeated_ > 0 &&
        (has_fine_observations_ || 2 * repeated_ > episodes_)) {
      add_finding(Severity::warning, "repeated", "",
                  fmt::format("{} of {} episodes repeat an earlier one step by "
                              "step, the first is episode {}, as episode {}: "
                              "record with other seeds, or remove them",
                              repeated_, episodes_, first_repeated_.first,
                              first_repeated_.second),
                  repeated_);
    }
    if (ending_early_ > 0) {
      add_finding(Severity::warning, "end_flag", "",
                  fmt::format("{} of {} episodes continue after a step that is "
                              "terminated or truncated, the first is episode "
                              "{}: they may contain several episodes",
                              ending_early_, episodes_, first_ending_early_),
                  ending_early_);
    }
    if (episodes_ == 1 && unreadable_ == 0) {
      add_finding(Severity::warning, "prompt", source_.spec().name.c_str(),
                  "no prompts can be sampled: a prompt comes from another "
                  "episode of the task, and there is only one",
                  1);
    }
  }

  void report_step_size() {
    int64_t tokens = 0;
    for (const FieldSummary& summary : observations_) {
      tokens += summary.tokens();
    }
    if (tokens > data::TokenRow::kLocalPositionCount) {
      add_finding(
          Severity::warning, "long_step", "",
          fmt::format("an observation has {} tokens without its texts, but "
                      "those from index {} on share one position: resize "
                      "images with --resize, or leave out keys",
                      tokens, data::TokenRow::kLocalPositionCount),
          tokens);
    }
  }

  void report_stillness() {
    const bool all_still =
        !observations_.empty() &&
        std::ranges::all_of(observations_, &FieldSummary::is_still);
    if (all_still) {
      add_finding(Severity::warning, "never_changes", "",
                  "no observation ever changes within an episode: the same "
                  "buffer may have been recorded repeatedly",
                  episodes_);
    }
  }

  void report_outcomes() {
    if (episodes_ == 0) {
      return;
    }
    if (bad_rewards_.count > 0) {
      add_finding(
          Severity::error, "nan", "rewards",
          fmt::format("{} not finite, the first, {}, in {}: gato-tokenize "
                      "refuses such episodes",
                      bad_rewards_.count == 1
                          ? "1 reward is"
                          : fmt::format("{} rewards are", bad_rewards_.count),
                      bad_rewards_.value, bad_rewards_.location(1)),
          bad_rewards_.count);
    }
    const bool has_signal = nonzero_rewards_ > 0;
    if (!has_signal) {
      add_finding(Severity::warning, "reward", "rewards",
                  with_rewards_ == 0
                      ? "there are no rewards: episodes cannot be selected by "
                        "return or scored"
                      : fmt::format("the reward is 0 in all {} steps: episodes "
                                    "cannot be selected by return or scored",
                                    steps_),
                  steps_);
    }
    report_success(has_signal);
  }

  void report_success(bool has_signal) {
    if (reporting_success_ == 0) {
      if (!has_signal) {
        add_finding(Severity::warning, "success", "success",
                    "no episode reports success, either: nothing distinguishes "
                    "good from bad episodes",
                    episodes_);
      }
      return;
    }
    if (reporting_success_ < episodes_) {
      add_finding(Severity::warning, "success", "success",
                  fmt::format("only {} of {} episodes report whether they "
                              "succeeded",
                              reporting_success_, episodes_),
                  episodes_ - reporting_success_);
    }
    if (successes_ == 0) {
      add_finding(Severity::warning, "success", "success",
                  fmt::format("none of the {} episodes that report success "
                              "succeeded",
                              reporting_success_),
                  reporting_success_);
    }
  }

  ingest::EpisodeSource& source_;
  const DatasetCheckOptions& options_;
  EpisodeScanner scanner_;
  std::vector<FieldSummary> observations_, actions_, experts_;
  bool has_fine_observations_ = false;  // continuous values or images
  int64_t episodes_ = 0, steps_ = 0, failed_ = 0, empty_ = 0, length_one_ = 0;
  int64_t unreadable_ = 0;
  std::string first_refusal_;
  std::unordered_map<uint64_t, int64_t> digests_;  // id of the first episode
  int64_t repeated_ = 0;
  std::pair<int64_t, int64_t> first_repeated_;  // and the earlier one
  Occurrences bad_rewards_;
  int64_t with_rewards_ = 0, nonzero_rewards_ = 0;
  int64_t reporting_success_ = 0, successes_ = 0;
  int64_t ending_early_ = 0, first_ending_early_ = 0;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_dataset(ingest::EpisodeSource& source,
                                   const DatasetCheckOptions& options) {
  return DatasetChecker(source, options).run();
}

}  // namespace gato::eval
