// A run has four parts. It starts every environment once to learn its task, and
// makes the policies, so that what is wrong is found before any work. It plays
// the episodes that the recording OUTPUT.partial does not have yet, each of
// which is recorded as soon as it ends. It writes the datasets from the
// recording. It prints the table.
#include "gato/commands/control_run.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gato/base/file_io.h"
#include "gato/base/ordered_thread_pool.h"
#include "gato/base/signals.h"
#include "gato/base/string_util.h"
#include "gato/base/text_table.h"
#include "gato/cli/logging.h"
#include "gato/commands/control_recording.h"
#include "gato/commands/policy_builder.h"
#include "gato/data/lenient_json.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/ingest/episodes/minari_writer.h"
#include "gato/rollout/film_recorder.h"
#include "gato/rollout/return_summary.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;

// A task of the run.
struct Task {
  rollout::EnvironmentFactory make_environment;
  // The environment that was started to learn the spec, if it is still there.
  std::unique_ptr<env::Environment> started;
  env::EnvironmentSpec spec;
  rollout::PolicyFactory make_policy;
  const std::string& name() const { return spec.task.name; }
};

// Throws Error(usage) if the names cannot all be directories below the output.
void check_task_folders(const std::vector<Task>& tasks) {
  for (const Task& task : tasks) {
    const fs::path folder = task.name();
    if (folder.is_absolute() || !folder.has_filename() ||
        folder != folder.lexically_normal() || *folder.begin() == ".." ||
        folder == ".") {
      throw base::usage_error(
          "--env-command: the task '{}' cannot be a directory below --output: "
          "play it in a separate invocation",
          task.name());
    }
    for (const Task& other : tasks) {
      if (&other != &task && other.name() == task.name()) {
        throw base::usage_error(
            "--env-command: two environments have the task '{}': play them in "
            "separate invocations",
            task.name());
      }
      if (other.name().starts_with(task.name() + "/")) {
        throw base::usage_error(
            "--env-command: the dataset of '{}' would be within that of '{}': "
            "play them in separate invocations",
            other.name(), task.name());
      }
    }
  }
}

// A run of the command, which plays every task with the same agent.
class ControlRun {
 public:
  ControlRun(const RolloutControlOptions& options, cli::CommandContext& context)
      : options_(options),
        context_(context),
        output_(context.common.output),
        shard_plan_(plan_shard(options, context.common.shard)),
        film_(shard_plan_[0][0]),
        recording_(recording_path(output_)),
        policy_builder_(options, context.common.seed) {}

  base::ExitStatus run() {
    refuse_to_discard_recording();
    try {
      start_tasks();
      begin_or_resume();
      if (is_complete_) {
        read_outcomes();
      } else {
        for (Task& task : tasks_) {
          play_task(task);
        }
        write_datasets();
      }
      write_film();
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
    return report();
  }

 private:
  std::string kept_text() const {
    return fmt::format(
        "{} of {} episodes are kept in {}: continue with the same command and "
        "--resume",
        recording_.episode_count(), episodes_per_task() * task_count_,
        recording_.path().string());
  }

  int64_t episodes_per_task() const {
    int64_t count = 0;
    for (const std::vector<int64_t>& batch : shard_plan_) {
      count += std::ssize(batch);
    }
    return count;
  }

  void refuse_to_discard_recording() const {
    if (recording_.episode_count() > 0 && !options_.resume &&
        !context_.common.force) {
      throw base::usage_error(
          "{} contains {} episodes of an interrupted recording: --resume "
          "continues it, --force starts again",
          recording_.path().string(), recording_.episode_count());
    }
  }

  // Starts an environment of each task to learn its spec, several at the same
  // time because simulators take seconds to start.
  void start_tasks() {
    const std::vector<NamedEnvironment> environments =
        find_environments(options_.environments);
    task_count_ = std::ssize(environments);
    base::OrderedThreadPool jobs(
        std::min(task_count_, rollout::kMaxStartingEnvironments));
    for (const NamedEnvironment& environment : environments) {
      jobs.submit([this, &environment, &environments](int64_t) {
        base::throw_if_stopped();
        auto started = std::make_shared<std::unique_ptr<env::Environment>>(
            environment.make());
        env::EnvironmentSpec spec = (*started)->spec();
        if (&environment != &environments.front()) {
          started->reset();  // many simulators may not fit in the memory
        }
        return [this, &environment, started, spec] {
          add_task(environment, std::move(*started), spec);
        };
      });
    }
    jobs.wait_all();
    if (tasks_.size() > 1) {
      check_task_folders(tasks_);
    }
  }

  void add_task(const NamedEnvironment& environment,
                std::unique_ptr<env::Environment> started,
                env::EnvironmentSpec spec) {
    spec.task.settings["max_steps"] =
        rollout::step_limit(options_.max_steps, spec.max_episode_steps);
    Task task{environment.make, std::move(started), std::move(spec), {}};
    task.make_policy = policy_builder_.make_factory(task.spec);
    tasks_.push_back(std::move(task));
  }

  // Finds out whether the output is complete already, or else prepares the
  // recording and the provenance.
  void begin_or_resume() {
    data::Provenance provenance(context_.record);
    provenance.enabled = true;  // files that were read are compared, too
    provenance.configuration["precision"] = policy_builder_.precision();
    policy_builder_.add_inputs(provenance);
    std::vector<data::TaskSpec> specs;
    for (const Task& task : tasks_) {
      specs.push_back(task.spec.task);
    }
    const nlohmann::json start = recording_start(provenance, specs);
    is_complete_ = options_.resume && is_output_complete(start);
    if (is_complete_) {
      spdlog::info("{} is complete: there is nothing to resume",
                   output_.string());
      return;
    }
    base::check_output(output_, context_.common.force);
    if (options_.resume && recording_.episode_count() > 0) {
      check_recording(start);
    } else {
      recording_.begin(start);
    }
    provenance_ = with_valid_start(
        [&] { return resumed_provenance(provenance, recording_.start()); });
    provenance_.enabled = context_.record.has_provenance;
  }

  // Calls `read`, which reads the start of the recording.
  template <class Read>
  std::invoke_result_t<const Read&> with_valid_start(const Read& read) const {
    try {
      return read();
    } catch (const nlohmann::json::exception& error) {
      throw base::input_error(
          "{}: its first line is corrupt ({}): start again with --force and "
          "without --resume",
          recording_.path().string(), data::describe_json_error(error));
    }
  }

  void check_recording(const nlohmann::json& start) const {
    const std::string change = with_valid_start([&] {
      return find_changed_setting(options_, recording_.start(), start);
    });
    if (!change.empty()) {
      throw base::usage_error(
          "{}: {}: give what the run was started with, or start again with "
          "--force and without --resume",
          recording_.path().string(), change);
    }
  }

  // Returns whether the output exists and is what this run writes. Throws
  // Error(usage) if it is anything else, unless --force may replace it.
  bool is_output_complete(const nlohmann::json& start) const {
    if (!fs::exists(output_)) {
      return false;
    }
    std::string difference;
    for (const Task& task : tasks_) {
      if (difference.empty()) {
        difference = base::escape_control_characters(
            find_difference(task, dataset_path(output_, task), start));
      }
    }
    if (!difference.empty() && !context_.common.force) {
      throw base::usage_error(
          "{} exists and is not the dataset of this run: {}: choose another "
          "--output, or --force replaces it",
          output_.string(), difference);
    }
    return difference.empty();
  }

  // Returns what shows that the dataset is not what this run writes for the
  // task, or an empty string.
  std::string find_difference(const Task& task, const fs::path& dataset,
                              const nlohmann::json& start) const {
    try {
      const auto source = ingest::open_episodes(dataset, {});
      const data::TaskSpec& spec = source->spec();
      if (spec.name != task.name()) {
        return fmt::format("its task is '{}'", spec.name);
      }
      if (source->agent() != policy_builder_.agent_name()) {
        return fmt::format("its agent is '{}'", source->agent());
      }
      if (source->episode_count() != episodes_per_task()) {
        return fmt::format("it has {} episodes", source->episode_count());
      }
      if (source->read_episode(0).seed !=
          rollout::episode_seed(context_.common.seed, shard_plan_[0][0])) {
        return "it was recorded with another --seed";
      }
      const nlohmann::json earlier = source->provenance();
      return earlier.is_null() ? std::string()
                               : find_changed_setting(options_, earlier, start);
    } catch (const base::Error& error) {
      return error.what();
    } catch (const nlohmann::json::exception&) {
      return "its provenance is corrupt";
    }
  }

  fs::path dataset_path(const fs::path& output, const Task& task) const {
    return tasks_.size() == 1 ? output : output / task.name();
  }

  // Returns a factory that returns the environment that was started to learn
  // the task, if there is one, at its first call.
  rollout::EnvironmentFactory environment_factory(Task& task) {
    return [this, &task]() -> std::unique_ptr<env::Environment> {
      {
        const std::lock_guard lock(started_mutex_);
        if (task.started) {
          return std::exchange(task.started, nullptr);
        }
      }
      return task.make_environment();
    };
  }

  void play_task(Task& task) {
    const rollout::BatchPlan missing =
        plan_missing(options_, shard_plan_, recording_, task.name(),
                     options_.video.has_value());
    if (missing.empty()) {
      return;
    }
    int64_t missing_count = 0;
    for (const std::vector<int64_t>& batch : missing) {
      missing_count += std::ssize(batch);
    }
    base::Progress progress(&context_.progress, task.name(), "episodes",
                            episodes_per_task(),
                            episodes_per_task() - missing_count);
    rollout::RunnerCallbacks callbacks;
    if (options_.video) {
      callbacks.on_step = [this](const rollout::PolicyInput& input) {
        return film_.add_frame(input);
      };
    }
    callbacks.on_episode_end = [this, &task](const data::Episode& episode,
                                             bool was_retried) {
      // The film comes first, because a run that is resumed plays the episode
      // again if there is no film of it.
      if (options_.video && film_.is_filmed(episode.id)) {
        recording_.set_film(film_.encode());
      }
      recording_.append(task.name(), episode, was_retried);
    };
    rollout::run_episodes(
        {missing, context_.common.threads, options_.max_steps,
         context_.common.seed},
        environment_factory(task), task.make_policy,
        [&progress](data::Episode&&) { progress.advance(); }, callbacks);
    task.started.reset();
  }

  void write_datasets() {
    if (tasks_.size() == 1) {
      write_dataset(tasks_[0], output_);
      return;
    }
    base::AtomicOutput datasets(output_, context_.common.force,
                                base::AtomicOutput::Kind::directory);
    for (const Task& task : tasks_) {
      const fs::path dataset = dataset_path(datasets.temporary_path(), task);
      fs::create_directories(dataset.parent_path());
      write_dataset(task, dataset);
    }
    datasets.commit();
  }

  void write_dataset(const Task& task, const fs::path& dataset) {
    ingest::MinariWriter writer(dataset, context_.common.force,
                                {task.spec.task, policy_builder_.agent_name()},
                                dataset_path(output_, task));
    rollout::ReturnSummary& summary = outcomes_.emplace_back(task.name());
    for (const std::vector<int64_t>& batch : shard_plan_) {
      for (const int64_t id : batch) {
        base::throw_if_stopped();
        const data::Episode episode = recording_.read(task.spec.task, id);
        writer.append(episode);
        summary.add(episode);
        step_count_ += episode.step_count();
        retried_count_ += recording_.was_retried(task.name(), id);
      }
    }
    writer.commit(provenance_);
  }

  void write_film() const {
    if (!options_.video) {
      return;
    }
    const std::string film = recording_.film().value_or("");
    if (!film.empty()) {
      base::write_file(*options_.video, film,
                       context_.common.force || options_.resume);
    } else if (!is_complete_) {
      spdlog::warn("--video {}: not written: no frame could be rendered",
                   *options_.video);
    }
  }

  // Reads the outcomes of datasets that are complete already.
  void read_outcomes() {
    for (const Task& task : tasks_) {
      const auto source =
          ingest::open_episodes(dataset_path(output_, task), {});
      rollout::ReturnSummary& summary = outcomes_.emplace_back(task.name());
      for (int64_t i = 0; i < source->episode_count(); ++i) {
        const data::Episode episode = source->read_episode(i);
        summary.add(episode);
        step_count_ += episode.step_count();
      }
    }
  }

  // Prints the table of the datasets and returns the exit status.
  base::ExitStatus report() const {
    base::TextTable table{rollout::ReturnSummary::table_header()};
    int64_t episodes = 0, failures = 0;
    bool has_useless_task = false;
    for (const rollout::ReturnSummary& summary : outcomes_) {
      table.add_row(summary.table_row());
      report_failures(summary);
      episodes += summary.episode_count();
      failures += summary.failure_count();
      has_useless_task |= summary.failure_count() == summary.episode_count();
    }
    std::cout << table.to_string();
    cli::log_counts({{"episodes", episodes},
                     {"steps", step_count_},
                     {"retried", retried_count_},
                     {"failed", failures}});
    return has_useless_task ? base::ExitStatus::run_failed
                            : base::ExitStatus::success;
  }

  static void report_failures(const rollout::ReturnSummary& summary) {
    if (summary.failure_count() == summary.episode_count()) {
      spdlog::error(
          "{}: all {} episodes failed; the dataset contains the steps before "
          "the failures: --check-env shows what is wrong with an environment",
          summary.task(), summary.episode_count());
    } else if (summary.failure_count() > 0) {
      spdlog::warn(
          "{}: {} of {} episodes failed, so there is no mean; gato-eval score "
          "counts them with the random policy's return",
          summary.task(), summary.failure_count(), summary.episode_count());
    }
  }

  const RolloutControlOptions& options_;
  cli::CommandContext& context_;
  const fs::path output_;
  const rollout::BatchPlan shard_plan_;
  rollout::FilmRecorder film_;
  rollout::Recording recording_;
  PolicyBuilder policy_builder_;
  std::vector<Task> tasks_;
  std::mutex started_mutex_;  // guards Task::started while a task is played
  int64_t task_count_ = 0;
  bool is_complete_ = false;  // from the beginning
  data::Provenance provenance_;
  // One per task.
  std::vector<rollout::ReturnSummary> outcomes_;
  int64_t step_count_ = 0, retried_count_ = 0;
};

}  // namespace

base::ExitStatus play_tasks(const RolloutControlOptions& options,
                            cli::CommandContext& context) {
  return ControlRun(options, context).run();
}

}  // namespace gato::commands
