// Plays one task after the other: starts an environment to learn its spec,
// makes a policy for it, and lets rollout::run_episodes pass the episodes to a
// dataset and to a row of the table.
#include "gato/commands/control_run.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "gato/base/file_io.h"
#include "gato/base/text_table.h"
#include "gato/cli/logging.h"
#include "gato/commands/policy_builder.h"
#include "gato/ingest/episodes/minari_writer.h"
#include "gato/rollout/animated_png.h"
#include "gato/rollout/return_summary.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;

constexpr int kFramesPerSecond = 20;

// Returns a factory that returns `first` at its first call, so that an
// environment that was started to learn its spec is used.
rollout::EnvironmentFactory reuse_first_environment(
    std::unique_ptr<env::Environment> first, rollout::EnvironmentFactory make) {
  auto unused_first =
      std::make_shared<std::unique_ptr<env::Environment>>(std::move(first));
  return [unused_first, make = std::move(make)] {
    return *unused_first ? std::move(*unused_first) : make();
  };
}

// Returns a callback that records the first episode. If that episode is played
// a second time, the second attempt replaces the first.
rollout::StepCallback record_frames(rollout::AnimatedPng& video) {
  return [&video](const rollout::PolicyInput& input) {
    if (input.episode != 0) {
      return;
    }
    if (input.step == 0) {
      video.clear();
    }
    try {
      video.add_frame(base::with_context(
          "--video", [&] { return rollout::render_frame(input); }));
    } catch (const env::EnvironmentError& error) {
      spdlog::warn("--video: no frame of step {}: {}", input.step,
                   error.what());
    }
  };
}

// A run of the command, which plays every task with the same agent.
class ControlRun {
 public:
  ControlRun(const ControlCommandOptions& options, cli::CommandContext& context)
      : options_(options),
        context_(context),
        policy_builder_(options, context.common.seed) {}

  base::ExitStatus run() {
    std::vector<rollout::EnvironmentFactory> factories =
        environment_factories(options_);
    const fs::path output = context_.common.output;
    if (factories.size() == 1) {
      play_task(factories[0], [&](const std::string&) {
        return DatasetLocation{output, output};
      });
    } else {
      base::AtomicOutput datasets(output, context_.common.force,
                                  base::AtomicOutput::Kind::directory);
      for (const rollout::EnvironmentFactory& make : factories) {
        play_task(make, [&](const std::string& task) {
          const fs::path dataset = datasets.temporary_path() / task;
          fs::create_directories(dataset.parent_path());
          return DatasetLocation{dataset, output / task};
        });
      }
      datasets.commit();
    }
    std::cout << table_.to_string();
    cli::log_counts({{"episodes", counts_.episodes},
                     {"steps", counts_.steps},
                     {"retried", counts_.retried},
                     {"failed", counts_.failed}});
    return base::ExitStatus::success;
  }

 private:
  struct DatasetLocation {
    fs::path write_path;
    fs::path final_path;  // differs if all datasets are renamed at the end
  };
  using DatasetLocator =
      std::function<DatasetLocation(const std::string& task)>;

  void play_task(const rollout::EnvironmentFactory& make,
                 const DatasetLocator& locate) {
    std::unique_ptr<env::Environment> first = make();
    const env::EnvironmentSpec spec = first->spec();
    const std::string task = spec.task.name;
    const rollout::PolicyFactory make_policy =
        policy_builder_.make_factory(spec);
    const DatasetLocation location = locate(task);
    ingest::MinariWriter writer(location.write_path, context_.common.force,
                                {spec.task, policy_builder_.agent_name()},
                                location.final_path);
    rollout::ReturnSummary summary(task);
    rollout::AnimatedPng video;
    base::Progress progress(&context_.progress, task, "episodes",
                            options_.episodes);
    const rollout::RunnerCounts counts = rollout::run_episodes(
        {options_.episodes, options_.batch_size, context_.common.threads,
         options_.max_steps, context_.common.seed},
        reuse_first_environment(std::move(first), make), make_policy,
        [&](data::Episode&& episode) {
          summary.add(episode);
          writer.append(episode);
          progress.advance();
        },
        options_.video ? record_frames(video) : rollout::StepCallback{});
    data::Provenance provenance(context_.record);
    policy_builder_.add_inputs(provenance);
    writer.commit(provenance);
    if (video.frame_count() > 0) {
      base::write_file(*options_.video, video.encode(kFramesPerSecond),
                       context_.common.force);
    }
    report(task, counts, summary);
  }

  void report(const std::string& task, const rollout::RunnerCounts& counts,
              const rollout::ReturnSummary& summary) {
    if (counts.failed == counts.episodes) {
      spdlog::warn(
          "{}: all {} episodes failed; the dataset contains the steps before "
          "the failures",
          task, counts.episodes);
    } else if (counts.failed > 0) {
      spdlog::warn(
          "{}: {} of {} episodes failed, so there is no mean; gato-eval score "
          "counts them with the random policy's return",
          task, counts.failed, counts.episodes);
    }
    table_.add_row(summary.table_row());
    counts_.episodes += counts.episodes;
    counts_.steps += counts.steps;
    counts_.retried += counts.retried;
    counts_.failed += counts.failed;
  }

  const ControlCommandOptions& options_;
  cli::CommandContext& context_;
  PolicyBuilder policy_builder_;
  base::TextTable table_{rollout::ReturnSummary::table_header()};
  rollout::RunnerCounts counts_;
};

}  // namespace

std::vector<rollout::EnvironmentFactory> environment_factories(
    const ControlCommandOptions& options) {
  if (options.environment_command) {
    const env::ExternalEnvironmentOptions external{options.hello_timeout,
                                                   options.step_timeout};
    return {[command = *options.environment_command, external] {
      return env::start_external_environment(command, external);
    }};
  }
  std::vector<rollout::EnvironmentFactory> factories;
  for (const std::string& name : options.environments) {
    factories.push_back([name] { return env::make_builtin_environment(name); });
  }
  return factories;
}

base::ExitStatus play_tasks(const ControlCommandOptions& options,
                            cli::CommandContext& context) {
  return ControlRun(options, context).run();
}

}  // namespace gato::commands
