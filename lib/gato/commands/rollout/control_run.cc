// A run has four parts. It starts the tasks (started_tasks.h), so that what is
// wrong is found before any work. It plays the episodes that the recording
// OUTPUT.partial does not have yet, each of which is recorded as soon as it
// ends. It writes the datasets from the recording and prints the table
// (control_output.h).
#include "gato/commands/rollout/control_run.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gato/base/fair_semaphore.h"
#include "gato/base/file_io.h"
#include "gato/base/ordered_thread_pool.h"
#include "gato/base/signals.h"
#include "gato/commands/rollout/control_output.h"
#include "gato/commands/rollout/control_recording.h"
#include "gato/commands/rollout/policy_builder.h"
#include "gato/commands/rollout/started_tasks.h"
#include "gato/data/lenient_json.h"
#include "gato/rollout/animation.h"
#include "gato/rollout/control_clock.h"
#include "gato/rollout/video_recorder.h"

namespace gato::commands {
namespace {

// Returns the episodes that the video shows: the first ones of the plan.
std::vector<int64_t> find_video_episodes(const RolloutControlOptions& options,
                                         const rollout::BatchPlan& plan) {
  std::vector<int64_t> episodes;
  for (const std::vector<int64_t>& batch : plan) {
    for (const int64_t episode : batch) {
      if (std::ssize(episodes) < options.video_episodes) {
        episodes.push_back(episode);
      }
    }
  }
  return episodes;
}

// A run of the command, which plays every task with the same agent.
class ControlRun {
 public:
  ControlRun(const RolloutControlOptions& options,
             const cli::OptionTable& table, cli::CommandContext& context)
      : options_(options),
        table_(table),
        context_(context),
        shard_plan_(plan_shard(options, context.common.shard)),
        video_episodes_(find_video_episodes(options, shard_plan_)),
        recording_(recording_path(context.common.output)),
        policy_builder_(options, context.common.seed),
        output_(options, context.common, shard_plan_, policy_builder_, tasks_) {
  }

  base::ExitStatus run() {
    refuse_to_discard_recording();
    try {
      start_tasks();
      begin_or_resume();
      if (is_complete_) {
        output_.read();
      } else {
        play_all_tasks();
        output_.write(recording_, provenance_);
      }
      write_video();
    } catch (const base::StoppedBySignal&) {
      if (recording_.episode_count() == 0) {
        throw;
      }
      recording_.sync();
      spdlog::warn("stopped by a signal: {}", kept_text());
      return base::ExitStatus::stopped_early;
    } catch (...) {
      if (recording_.episode_count() > 0) {
        spdlog::warn("{}", kept_text());
      }
      throw;
    }
    recording_.remove();
    return output_.report();
  }

 private:
  std::string kept_text() const {
    return fmt::format(
        "{} of {} episodes are kept in {}: continue with the same command and "
        "--resume",
        recording_.episode_count(), episodes_per_task() * task_count_,
        recording_.path().string());
  }

  int64_t episodes_per_task() const { return count_episodes(shard_plan_); }

  void refuse_to_discard_recording() const {
    if (recording_.episode_count() > 0 && !options_.resume &&
        !context_.common.force) {
      throw base::usage_error(
          "{} contains {} episodes of an interrupted recording: --resume "
          "continues it, --force starts over",
          recording_.path().string(), recording_.episode_count());
    }
  }

  void start_tasks() {
    task_count_ = std::ssize(find_environments(options_.environments));
    ControlTasks started =
        start_control_tasks(options_, context_.common.threads,
                            episodes_per_task(), policy_builder_);
    tasks_ = std::move(started.tasks);
    tasks_at_once_ = started.tasks_at_once;
  }

  // Finds out whether the output is complete already, or else prepares the
  // recording and the provenance.
  void begin_or_resume() {
    data::Provenance provenance(context_.record);
    provenance.enabled = true;  // files that were read are compared, too
    provenance.configuration["precision"] = policy_builder_.precision();
    policy_builder_.add_inputs(provenance);
    std::vector<data::TaskSpec> specs;
    for (const ControlTask& task : tasks_) {
      specs.push_back(task.spec.task);
    }
    const nlohmann::json start =
        recording_start(provenance, specs, context_.common.threads);
    is_complete_ = options_.resume && output_.is_complete(table_, start);
    if (is_complete_) {
      spdlog::info("{} is complete: there is nothing to resume",
                   output_.path().string());
      return;
    }
    base::check_output(output_.path(), context_.common.force);
    if (options_.resume && recording_.episode_count() > 0) {
      check_recording(start);
    } else {
      recording_.begin(start);
    }
    provenance_ = with_valid_start([&] {
      return resumed_provenance(table_, provenance, recording_.start());
    });
    provenance_.enabled = context_.record.has_provenance;
  }

  // Calls `read`, which reads the start of the recording.
  template <class Read>
  std::invoke_result_t<const Read&> with_valid_start(const Read& read) const {
    try {
      return read();
    } catch (const nlohmann::json::exception& error) {
      throw base::input_error(
          "{}: its first line is corrupt ({}): start over with --force and "
          "without --resume",
          recording_.path().string(), data::describe_json_error(error));
    }
  }

  void check_recording(const nlohmann::json& start) const {
    const std::string change = with_valid_start([&] {
      return find_changed_setting(table_, recording_.start(), start);
    });
    if (!change.empty()) {
      throw base::usage_error(
          "{}: {}: use the same options and files as when the run was started, "
          "or start over with --force and without --resume",
          recording_.path().string(), change);
    }
  }

  // Plays the tasks, several of them at the same time if they wait for child
  // processes. They share the processors: only as many threads as there are
  // compute at the same time.
  void play_all_tasks() {
    if (options_.video && !has_video()) {
      video_recorder_.emplace(fmt::format("{}   {}", tasks_[0].name(),
                                          policy_builder_.agent_name()),
                              video_episodes_);
    }
    const int64_t threads = with_valid_start(
        [this] { return recorded_threads(recording_.start()); });
    const rollout::BatchPlan plan =
        join_batches(options_, shard_plan_, threads);
    std::vector<rollout::BatchPlan> missing;
    int64_t missing_count = 0;
    for (const ControlTask& task : tasks_) {
      missing.push_back(plan_missing(
          options_, plan, recording_, task.name(),
          video_recorder_ ? video_episodes_ : std::vector<int64_t>()));
      missing_count += count_episodes(missing.back());
    }
    const int64_t total = episodes_per_task() * task_count_;
    base::Progress progress(&context_.progress,
                            tasks_.size() == 1
                                ? tasks_[0].name()
                                : fmt::format("{} tasks", tasks_.size()),
                            "episodes", total, total - missing_count);
    base::FairSemaphore permits(context_.common.threads);
    base::OrderedThreadPool jobs(tasks_at_once_);
    for (size_t i = 0; i < tasks_.size(); ++i) {
      jobs.submit([&, i](int64_t) {
        rollout::RunnerOptions options;
        options.batches = missing[i];
        options.threads = context_.common.threads;
        options.slots = options_.batch_size;
        options.is_canceled = [&jobs] { return jobs.is_canceled(); };
        if (tasks_at_once_ > 1) {
          options.permits = &permits;
        }
        play_task(tasks_[i], options, progress);
        return base::OrderedThreadPool::Completion();
      });
    }
    jobs.wait_all();
  }

  // Plays the batches of the options.
  void play_task(ControlTask& task, rollout::RunnerOptions options,
                 base::Progress& progress) {
    options.max_steps = options_.max_steps;
    options.seed = context_.common.seed;
    options.control_period =
        std::chrono::duration_cast<rollout::ControlClock::Duration>(
            std::chrono::duration<double>(control_period(options_)));
    rollout::RunnerCallbacks callbacks;
    callbacks.on_step = [this, &progress](const rollout::PolicyInput& input) {
      count_step(input, progress);
      return video_recorder_ && video_recorder_->observe_step(input);
    };
    if (video_recorder_) {
      callbacks.on_render = [this](const rollout::PolicyInput& input) {
        return video_recorder_->add_rendered_frame(input);
      };
    }
    callbacks.on_episode_end = [&](const data::Episode& episode,
                                   const rollout::EpisodeReport& report) {
      record_episode(task, episode, report);
      const std::lock_guard lock(progress_mutex_);
      progress.advance(/*count=*/1, steps_note());
    };
    if (!options.batches.empty()) {
      rollout::run_episodes(
          options, [&task] { return task.environments->take(); },
          task.make_policy, /*sink=*/{}, callbacks);
    }
    task.environments->close();
  }

  // Shows the steps once a second, since an episode may take long.
  void count_step(const rollout::PolicyInput& input, base::Progress& progress) {
    steps_ += static_cast<int64_t>(input.step > 0);
    const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                            std::chrono::steady_clock::now().time_since_epoch())
                            .count();
    if (int64_t last = last_shown_second_;
        last != now && last_shown_second_.compare_exchange_strong(last, now)) {
      const std::lock_guard lock(progress_mutex_);
      progress.show_note(steps_note());
    }
  }

  std::string steps_note() const {
    return fmt::format("{} steps", steps_.load());
  }

  void record_episode(const ControlTask& task, const data::Episode& episode,
                      const rollout::EpisodeReport& report) {
    // The video comes first, because a run that is resumed plays its episodes
    // again if it is missing.
    if (video_recorder_ && video_recorder_->end_episode(episode)) {
      recording_.set_video(video_recorder_->encode(*options_.video));
    }
    if (options_.control_period) {
      recording_.set_timing(task.name(), episode.id, report.timing);
    }
    recording_.append(task.name(), episode, report.was_retried);
  }

  // Returns whether the recording has the video, or a record that it could not
  // be made.
  bool has_video() const {
    const std::optional<std::string> video = recording_.video();
    return video &&
           (video->empty() || rollout::has_format_of(*options_.video, *video));
  }

  void write_video() const {
    if (!options_.video) {
      return;
    }
    const std::string video = recording_.video().value_or("");
    if (!video.empty()) {
      base::write_file(*options_.video, video,
                       context_.common.force || options_.resume);
    } else if (!is_complete_) {
      spdlog::warn("--video {}: not written: no frame could be rendered",
                   *options_.video);
    }
  }

  const RolloutControlOptions& options_;
  const cli::OptionTable& table_;
  cli::CommandContext& context_;
  const rollout::BatchPlan shard_plan_;
  const std::vector<int64_t> video_episodes_;
  // Empty if the recording already has the video.
  std::optional<rollout::VideoRecorder> video_recorder_;
  rollout::Recording recording_;
  PolicyBuilder policy_builder_;
  std::vector<ControlTask> tasks_;
  ControlOutput output_;
  int64_t tasks_at_once_ = 1;
  std::mutex progress_mutex_;
  // Counts of this invocation, including episodes that are played again.
  std::atomic<int64_t> steps_ = 0;
  std::atomic<int64_t> last_shown_second_ = 0;
  int64_t task_count_ = 0;
  bool is_complete_ = false;  // from the beginning
  data::Provenance provenance_;
};

}  // namespace

base::ExitStatus play_tasks(const RolloutControlOptions& options,
                            const cli::OptionTable& table,
                            cli::CommandContext& context) {
  return ControlRun(options, table, context).run();
}

}  // namespace gato::commands
