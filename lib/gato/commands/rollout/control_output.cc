#include "gato/commands/rollout/control_output.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <iostream>
#include <utility>

#include "gato/base/file_io.h"
#include "gato/base/signals.h"
#include "gato/base/string_util.h"
#include "gato/base/text_table.h"
#include "gato/cli/logging.h"
#include "gato/commands/rollout/control_recording.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/ingest/episodes/minari_writer.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;

void report_failures(const rollout::ReturnSummary& summary) {
  if (summary.failure_count() == summary.episode_count()) {
    spdlog::error(
        "{}: all {} episodes failed; the dataset contains the steps before the "
        "failures: --check-env shows what is wrong with an environment",
        summary.task(), summary.episode_count());
  } else if (summary.failure_count() > 0) {
    spdlog::warn(
        "{}: {} of {} episodes failed, so there is no mean; gato-eval score "
        "counts them with the random policy's return",
        summary.task(), summary.failure_count(), summary.episode_count());
  }
}

}  // namespace

ControlOutput::ControlOutput(const RolloutControlOptions& options,
                             const cli::CommonOptions& common,
                             const rollout::BatchPlan& plan,
                             const PolicyBuilder& policy_builder,
                             const std::vector<ControlTask>& tasks)
    : options_(options),
      common_(common),
      plan_(plan),
      policy_builder_(policy_builder),
      tasks_(tasks),
      path_(common.output) {}

fs::path ControlOutput::dataset_path(const fs::path& output,
                                     const ControlTask& task) const {
  return tasks_.size() == 1 ? output : output / task.name();
}

bool ControlOutput::is_complete(const cli::OptionTable& table,
                                const nlohmann::json& start) const {
  if (!fs::exists(path_)) {
    return false;
  }
  std::string difference;
  for (const ControlTask& task : tasks_) {
    if (difference.empty()) {
      difference = base::escape_control_characters(
          find_difference(task, dataset_path(path_, task), table, start));
    }
  }
  if (!difference.empty() && !common_.force) {
    throw base::usage_error(
        "{} exists and is not the dataset of this run: {}: choose another "
        "--output, or replace it with --force",
        path_.string(), difference);
  }
  return difference.empty();
}

std::string ControlOutput::find_difference(const ControlTask& task,
                                           const fs::path& dataset,
                                           const cli::OptionTable& table,
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
    if (source->episode_count() != count_episodes(plan_)) {
      return fmt::format("it is complete with {} episodes, not {}",
                         source->episode_count(), count_episodes(plan_));
    }
    if (source->read_episode(0).seed !=
        rollout::episode_seed(common_.seed, plan_[0][0])) {
      return "it was recorded with another --seed";
    }
    const nlohmann::json earlier = source->provenance();
    return earlier.is_null() ? std::string()
                             : find_changed_setting(table, earlier, start);
  } catch (const base::Error& error) {
    return error.what();
  } catch (const nlohmann::json::exception&) {
    return "its provenance is corrupt";
  }
}

void ControlOutput::read() {
  for (const ControlTask& task : tasks_) {
    const auto source = ingest::open_episodes(dataset_path(path_, task), {});
    rollout::ReturnSummary& summary = outcomes_.emplace_back(task.name());
    for (int64_t i = 0; i < source->episode_count(); ++i) {
      const data::Episode episode = source->read_episode(i);
      summary.add(episode);
      step_count_ += episode.step_count();
    }
  }
}

void ControlOutput::write(const rollout::Recording& recording,
                          const data::Provenance& provenance) {
  if (tasks_.size() == 1) {
    write_dataset(tasks_[0], path_, recording, provenance);
    return;
  }
  base::AtomicOutput datasets(path_, common_.force,
                              base::AtomicOutput::Kind::directory);
  for (const ControlTask& task : tasks_) {
    const fs::path dataset = dataset_path(datasets.temporary_path(), task);
    fs::create_directories(dataset.parent_path());
    write_dataset(task, dataset, recording, provenance);
  }
  datasets.commit();
}

void ControlOutput::write_dataset(const ControlTask& task,
                                  const fs::path& dataset,
                                  const rollout::Recording& recording,
                                  const data::Provenance& provenance) {
  nlohmann::json attributes = task.attributes;
  if (options_.control_period) {
    attributes["gato_latency"] = latency_of(task, recording);
  }
  ingest::MinariWriter writer(
      dataset, common_.force,
      {task.spec.task, policy_builder_.agent_name(), std::move(attributes)},
      dataset_path(path_, task));
  rollout::ReturnSummary& summary = outcomes_.emplace_back(task.name());
  for (const std::vector<int64_t>& batch : plan_) {
    for (const int64_t id : batch) {
      base::throw_if_stopped();
      const data::Episode episode = recording.read(task.spec.task, id);
      writer.append(episode);
      summary.add(episode);
      step_count_ += episode.step_count();
      retried_count_ += recording.was_retried(task.name(), id);
    }
  }
  writer.commit(provenance);
}

nlohmann::json ControlOutput::latency_of(const ControlTask& task,
                                         const rollout::Recording& recording) {
  rollout::ControlTiming timing;
  for (const std::vector<int64_t>& batch : plan_) {
    for (const int64_t id : batch) {
      timing += recording.timing(task.name(), id);
    }
  }
  if (!timing_) {
    timing_.emplace();
  }
  *timing_ += timing;
  return rollout::summarize_timing(control_period(options_), timing);
}

base::ExitStatus ControlOutput::report() const {
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
  if (timing_) {
    spdlog::info("{}", rollout::describe_timing(*timing_));
  }
  return has_useless_task ? base::ExitStatus::run_failed
                          : base::ExitStatus::success;
}

}  // namespace gato::commands
