#include "gato/commands/rollout_control.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <set>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/cli/terminal_progress.h"
#include "gato/cli/text_table.h"
#include "gato/commands/policy_builder.h"
#include "gato/ingest/episodes/minari_writer.h"
#include "gato/rollout/animated_png.h"
#include "gato/rollout/environment_checker.h"
#include "gato/rollout/return_summary.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;

constexpr int kFramesPerSecond = 20;

void validate_video_path(const std::string& video, bool force) {
  const std::string extension = fs::path(video).extension();
  if (extension != ".png" && extension != ".apng")
    throw base::usage_error(
        "--video {}: a film is an animated PNG, whose name ends in .png or "
        ".apng; ffmpeg makes others from it",
        video);
  base::check_output(video, force);
}

void validate_options(const ControlCommandOptions& options,
                      const cli::CommandContext& context) {
  if (options.check_environments) return;
  if (options.model && options.noise > 0)
    throw base::usage_error("--noise disturbs a --policy, not a --model");
  if (options.temperature && options.greedy)
    throw base::usage_error("--greedy and --temperature exclude each other");
  if (!options.model &&
      (options.prompt || options.context_steps || options.temperature ||
       options.greedy || options.mask_actions || options.resize))
    throw base::usage_error(
        "--prompt, --context-steps, --temperature, --greedy, --blank-actions "
        "and --resize are a --model's options");
  if (options.video && options.environments.size() > 1)
    throw base::usage_error("--video films one environment; give one --env");
  std::set<std::string> seen_names;
  for (const std::string& name : options.environments)
    if (!seen_names.insert(name).second)
      throw base::usage_error(
          "--env names {} twice; --episodes plays more of it", name);
  ingest::require_only_minari_datasets(context.common.output);
  if (options.video) validate_video_path(*options.video, context.common.force);
}

// A maker of environments, one for every task that is played.
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
  for (const std::string& name : options.environments)
    factories.push_back([name] { return env::make_builtin_environment(name); });
  return factories;
}

// Makes `first` when called for the first time: an environment that was started
// to learn its spec is not started twice.
rollout::EnvironmentFactory reuse_first_environment(
    std::unique_ptr<env::Environment> first, rollout::EnvironmentFactory make) {
  auto unused_first =
      std::make_shared<std::unique_ptr<env::Environment>>(std::move(first));
  return [unused_first, make = std::move(make)] {
    return *unused_first ? std::move(*unused_first) : make();
  };
}

// Films the first episode; a second attempt at it replaces the first.
rollout::StepCallback record_frames(rollout::AnimatedPng& video) {
  return [&video](const rollout::PolicyInput& input) {
    if (input.episode != 0) return;
    if (input.step == 0) video.clear();
    try {
      video.add_frame(base::with_context(
          "--video", [&] { return rollout::render_frame(input); }));
    } catch (const env::EnvironmentError& error) {
      spdlog::warn("--video: no picture of step {}: {}", input.step,
                   error.what());
    }
  };
}

base::ExitStatus run_environment_checks(const ControlCommandOptions& options,
                                        const cli::CommandContext& context) {
  bool all_passed = true;
  for (const rollout::EnvironmentFactory& make :
       environment_factories(options)) {
    const std::unique_ptr<env::Environment> environment = make();
    cli::TextTable table({"check", "result", "detail"});
    for (const rollout::EnvironmentCheckResult& check :
         rollout::check_environment(*environment, context.common.seed)) {
      table.add_row({check.name, check.passed ? "ok" : "FAILED", check.detail});
      all_passed &= check.passed;
    }
    std::cout << table.to_string();
  }
  return all_passed ? base::ExitStatus::success : base::ExitStatus::run_failed;
}

// One run of the command: every task with the same player.
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
      for (rollout::EnvironmentFactory& make : factories)
        play_task(make, [&](const std::string& task) {
          const fs::path dataset = datasets.temporary_path() / task;
          fs::create_directories(dataset.parent_path());
          return DatasetLocation{dataset, output / task};
        });
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
    fs::path write_path;  // where it is written
    fs::path final_path;  // where it will be in the end
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
    cli::Progress progress(task, "episodes", options_.episodes);
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
    data::Provenance provenance(context_);
    policy_builder_.add_inputs(provenance);
    writer.commit(provenance);
    if (video.frame_count() > 0)
      base::write_file(*options_.video, video.encode(kFramesPerSecond),
                       context_.common.force);
    report(task, counts, summary);
  }

  void report(const std::string& task, const rollout::RunnerCounts& counts,
              const rollout::ReturnSummary& summary) {
    if (counts.failed == counts.episodes)
      spdlog::warn(
          "{}: all {} episodes failed; the dataset holds what they had", task,
          counts.episodes);
    else if (counts.failed > 0)
      spdlog::warn(
          "{}: {} of {} episodes failed, so there is no mean; gato-eval score "
          "counts them with the random policy's return",
          task, counts.failed, counts.episodes);
    table_.add_row(summary.table_row());
    counts_.episodes += counts.episodes;
    counts_.steps += counts.steps;
    counts_.retried += counts.retried;
    counts_.failed += counts.failed;
  }

  const ControlCommandOptions& options_;
  cli::CommandContext& context_;
  PolicyBuilder policy_builder_;
  cli::TextTable table_{rollout::ReturnSummary::table_header()};
  rollout::RunnerCounts counts_;
};

}  // namespace

base::ExitStatus run_control(const ControlCommandOptions& options,
                             cli::CommandContext& context) {
  if (options.list_environments) {
    for (const std::string& name : env::builtin_environment_names())
      std::cout << name << '\n';
    return base::ExitStatus::success;
  }
  validate_options(options, context);
  if (options.check_environments)
    return run_environment_checks(options, context);
  return ControlRun(options, context).run();
}

namespace {

void add_policy_options(cli::OptionTable& table,
                        ControlCommandOptions& options) {
  table.begin_group("Who plays");
  table.add("model", &options.model, "Model directory, or a run of gato-train")
      .metavar("DIR");
  table
      .add("policy", &options.policy,
           "Scripted policy: the environment's own expert, or chance")
      .one_of({"expert", "random"})
      .metavar("POLICY");
  table
      .add("noise", &options.noise,
           "Disturb every action of a scripted policy: draw a discrete one "
           "anew with this probability, add Gaussian noise of this times half "
           "the range to a continuous one; the expert's own choice is recorded "
           "as infos/expert_action")
      .metavar("P")
      .range(0, 1);
}

void add_environment_options(cli::OptionTable& table,
                             ControlCommandOptions& options) {
  table.begin_group("What is played");
  table
      .add("env", &options.environments,
           "Built-in environment (see --list-envs); may be repeated")
      .metavar("NAME...");
  table
      .add("env-command", &options.environment_command,
           "Shell command that starts an external environment")
      .metavar("CMD");
  table
      .add("hello-timeout", &options.hello_timeout,
           "Seconds that it may take to start")
      .metavar("S")
      .range(0.001, 1e6);
  table
      .add("step-timeout", &options.step_timeout,
           "Seconds that it may take to answer")
      .metavar("S")
      .range(0.001, 1e6);
  table.add("episodes", &options.episodes, "Episodes of every task")
      .metavar("N")
      .range(1, 1e9);
  table
      .add("max-steps", &options.max_steps,
           "Truncate episodes after so many steps; 0: after the environment's "
           "own limit, or 10000 where it states none")
      .metavar("N")
      .range(0, 1e9);
  table
      .add("batch", &options.batch_size,
           "Most environments that are played in one forward pass; every "
           "thread plays as many")
      .metavar("N")
      .range(1, 65536);
}

void add_model_options(cli::OptionTable& table,
                       ControlCommandOptions& options) {
  table.begin_group("How the model plays");
  table
      .add("prompt", &options.prompt,
           "What every episode begins with: the demonstration of the task in "
           "the model directory (own), the best episode of a dataset, "
           "or none. Default: own, where there is one and the model was not "
           "trained on short windows")
      .metavar("own|none|DATASET");
  table
      .add("max-episode-steps", &options.max_episode_steps,
           "Of the dataset of --prompt: steps after which an episode ends "
           "where it does not say; D4RL files without timeouts need it")
      .range(0, 1e12);
  table
      .add("context-steps", &options.context_steps,
           "The model reads the last W time steps and nothing older; 0: all "
           "that its context holds. Default: the windows it was trained on")
      .metavar("W")
      .range(0, 1e6);
  table
      .add("temperature", &options.temperature,
           "Of the sampling of action tokens; default 1")
      .metavar("T")
      .range(1e-6, 1e6);
  table.add("greedy", &options.greedy, "Take the likeliest token");
  table.add("blank-actions", &options.mask_actions,
            "Hide past actions from the model and sample all tokens of an "
            "action in one pass: for a model trained with --blank-actions 1. "
            "With --context-steps 1 it is how the paper's robot acts");
  table
      .add("resize", &options.resize,
           "Size that images were given when the training data was tokenized; "
           "default: what the model recorded")
      .metavar("HxW");
}

void add_other_options(cli::OptionTable& table,
                       ControlCommandOptions& options) {
  table.begin_group("Other");
  table
      .add("video", &options.video,
           "Film the first episode as an animated PNG (.png or .apng), which "
           "browsers play")
      .metavar("FILE.png");
  table
      .add("list-envs", &options.list_environments,
           "Print the names of the built-in environments and stop")
      .not_in_config();
  table
      .add("check-env", &options.check_environments,
           "Check that the environment keeps its contract and stop")
      .not_in_config();
}

cli::CommandFunction build_control_command(cli::OptionTable& table) {
  auto options = std::make_shared<ControlCommandOptions>();
  add_policy_options(table, *options);
  add_environment_options(table, *options);
  add_model_options(table, *options);
  table.require_exactly_one({"model", "policy"}, {"list-envs", "check-env"});
  table.require_exactly_one({"env", "env-command"}, {"list-envs"});
  table.require_exactly_one({"output"}, {"list-envs", "check-env"});
  add_other_options(table, *options);
  return [options](cli::CommandContext& context) {
    return run_control(*options, context);
  };
}

}  // namespace

cli::Command rollout_control_command() {
  cli::Command command;
  command.name = "control";
  command.summary = "Play environments and record the episodes";
  command.description =
      "Plays episodes with a model or a scripted policy and writes them as a "
      "Minari dataset; with several --env, OUTPUT is a folder with one dataset "
      "a task, OUTPUT/<task name>. A table of returns goes to stdout: task, "
      "episodes, failed, mean, std, success; there is no mean where an episode "
      "failed.\n\n"
      "Minari's list_local_datasets() shows datasets whose folder is their id, "
      "gato/TASK/POLICY-v0 below $MINARI_DATASETS_PATH, and fails where a "
      "folder's name does not end in -v and a number. For a listing, give -o "
      "$MINARI_DATASETS_PATH/gato/arcade/catch/expert-v0; what the library "
      "loads may be anywhere below.\n\n"
      "An episode whose environment breaks down, or returns a NaN, is played "
      "once more; if it fails again it is recorded as failed, with the steps "
      "that it had. It is a success where any step's info \"success\" is above "
      "one half.\n\n"
      "Each action token is sampled among the ids that the action space "
      "allows. With --context-steps W the model reads its last W steps anew at "
      "every step and nothing older reaches it; with 0 it keeps the keys and "
      "values of its whole context and forgets the oldest step first, as the "
      "paper's Transformer-XL memory does. A prompt counts as past steps.\n\n"
      "The same seed gives the same episodes, whatever --threads is; with "
      "scripted policies whatever --batch is, too.";
  command.output = cli::OutputRequirement::optional;
  command.output_help = "Dataset (with several --env, folder of datasets)";
  command.build = build_control_command;
  command.examples = {
      {"gato-rollout control --policy expert --noise 0.3 --env arcade/catch "
       "--episodes 400 -o catch",
       "demonstrations with noise, labelled with the expert's actions"},
      {"gato-rollout control --model run --env arcade/catch "
       "--env grid/goto -o played",
       "50 episodes of two tasks by a model"},
      {"gato-rollout control --check-env --env-command "
       "'python3 minigrid_env.py --task BabyAI-GoToLocal-v0'",
       "check an external environment"}};
  return command;
}

}  // namespace gato::commands
