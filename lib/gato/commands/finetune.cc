// One invocation trains one run or, with --episodes, one run per number of
// demonstrations and repeat. All runs are checked before the first one starts.
// Demonstrations are tokenized once and packed again for each run.
#include "gato/commands/finetune.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "gato/base/file_io.h"
#include "gato/cli/toml_config.h"
#include "gato/commands/distributed_run.h"
#include "gato/commands/environment_options.h"
#include "gato/commands/episode_options.h"
#include "gato/commands/preset.h"
#include "gato/commands/training_options.h"
#include "gato/ingest/episodes/episode_selection.h"
#include "gato/model/model_directory.h"
#include "gato/rollout/policy_evaluation.h"
#include "gato/train/input/demonstration_dataset.h"
#include "gato/train/input/sequence_file_data.h"
#include "gato/train/run/output_directory.h"
#include "gato/train/run/run_directory.h"
#include "gato/train/run/training_run.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;

// The settings of Reed et al. 2022, appendix E: Adam at a constant learning
// rate, and dropout instead of stochastic depth.
TrainingOptions finetuning_defaults() {
  TrainingOptions options;
  train::TrainingConfig& config = options.config;
  config.steps = 10000;
  config.loader.batch_size = 64;
  config.schedule.peak_rate = 1e-5;
  config.schedule.warmup_steps = 0;
  config.schedule.decay_steps = 0;
  config.optimizer.weight_decay = 0;
  config.gradient.stochastic_depth = 0;
  config.gradient.dropout = 0.1;
  return options;
}

struct FinetuneOptions {
  std::string init;
  std::string preset;
  std::optional<std::string> demonstrations;
  std::vector<std::string> data;
  int64_t max_episode_steps = 0;
  std::vector<int64_t> episodes;
  int64_t repeats = 1;
  EnvironmentOptions environment;
  rollout::PolicyEvaluation evaluation;
  int64_t evaluate_every = 100;
  TrainingOptions training = finetuning_defaults();
};

class FinetuneCommand {
 public:
  FinetuneCommand(const FinetuneOptions& options, const cli::OptionTable& table,
                  const cli::CommandContext& context)
      : options_(options),
        table_(table),
        context_(context),
        config_(model::load_model_config(options.init)) {}

  base::ExitStatus run() {
    warn_of_too_many_threads(/*launch=*/{}, context_);
    const fs::path output = context_.common.output;
    if (!options_.demonstrations) {
      const train::SequenceFileData data(
          {options_.data.begin(), options_.data.end()});
      check_environment_and_outputs(data.tasks(), {output});
      return train(data, output);
    }
    demonstrations_.emplace(*options_.demonstrations, config_,
                            options_.max_episode_steps);
    std::vector<PlannedRun> parts = plan_runs(output);
    std::vector<fs::path> outputs;
    for (const PlannedRun& part : parts) outputs.push_back(part.output);
    check_environment_and_outputs(demonstrations_->tasks(), outputs);
    const int64_t total = demonstrations_->validate();
    // Throws before any work if there are too few demonstrations for a run.
    std::set<int64_t> used_episodes;
    for (PlannedRun& part : parts) {
      part.episodes = ingest::sample_episodes(
          seed(), part.repeat, total, part.episode_count.value_or(total));
      used_episodes.insert(part.episodes.begin(), part.episodes.end());
    }
    if (context_.common.force) remove_previous_runs(output);
    demonstrations_->load(used_episodes);
    for (const PlannedRun& part : parts) {
      if (part.episode_count) {
        spdlog::info("{} demonstrations, repeat {} of {}", *part.episode_count,
                     part.repeat, options_.repeats);
      }
      const base::ExitStatus status =
          train(*demonstrations_->sample_sequences(part.episodes, seed()),
                part.output);
      if (status != base::ExitStatus::success) return status;
    }
    return base::ExitStatus::success;
  }

 private:
  // One run of an invocation, on all demonstrations or on a sample of them.
  struct PlannedRun {
    std::optional<int64_t> episode_count;
    int64_t repeat = 0;
    fs::path output;
    std::vector<int64_t> episodes = {};  // indices of usable episodes
  };

  std::vector<PlannedRun> plan_runs(const fs::path& output) const {
    if (options_.episodes.empty()) {
      return {{.episode_count = {}, .output = output}};
    }
    std::vector<PlannedRun> runs;
    for (int64_t repeat = 1; repeat <= options_.repeats; ++repeat) {
      for (int64_t count : options_.episodes) {
        runs.push_back(
            {count, repeat,
             output / fmt::format("episodes-{}-repeat-{}", count, repeat)});
      }
    }
    return runs;
  }

  uint64_t seed() const { return context_.common.seed; }

  // Removes the runs of an earlier invocation, which a script that reads the
  // few-shot curve would mix with the new ones.
  void remove_previous_runs(const fs::path& output) const {
    std::error_code ignored;
    if (options_.episodes.empty() || options_.training.resume ||
        !fs::is_directory(output, ignored)) {
      return;
    }
    std::vector<fs::path> old;
    for (const auto& entry : fs::directory_iterator(output)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("episodes-") &&
          name.find("-repeat-") != std::string::npos &&
          train::contains_run(entry.path())) {
        old.push_back(entry.path());
      }
    }
    for (const fs::path& run : old) {
      fs::remove_all(run, ignored);
    }
  }

  void check_environment_and_outputs(
      const data::TaskTable& tasks,
      const std::vector<fs::path>& outputs) const {
    if (const auto evaluation = policy_evaluation()) {
      rollout::validate_policy_evaluation(*evaluation, tasks);
    }
    for (const fs::path& output : outputs) {
      train::check_output_directory(output, options_.training.resume,
                                    context_.common.force,
                                    context_.common.config_files);
    }
  }

  // Returns how the policy is evaluated; nullopt if no environment is given.
  std::optional<rollout::PolicyEvaluation> policy_evaluation() const {
    const std::vector<NamedEnvironment> environments =
        find_environments(options_.environment);
    if (environments.empty()) {
      return std::nullopt;
    }
    if (environments.size() > 1) {
      throw base::usage_error(
          "--env and --env-command name {} environments: the policy is "
          "evaluated in one",
          environments.size());
    }
    rollout::PolicyEvaluation evaluation = options_.evaluation;
    evaluation.environment = environments[0].name;
    evaluation.make_environment = environments[0].make;
    evaluation.seed = seed();
    evaluation.threads = context_.common.threads;
    evaluation.mask_actions =
        options_.training.config.loader.action_mask_probability == 1;
    return evaluation;
  }

  base::ExitStatus train(const train::TrainingData& data,
                         const fs::path& output) {
    train::check_compatible(config_, data);
    train::TrainingRunOptions run =
        make_run_options(options_.training, table_, context_);
    run.output = output;
    run.start_time = start_time_;
    run.make_initial_network = [&] { return make_initial_network(data); };
    if (const auto evaluation = policy_evaluation()) {
      run.evaluate_every = options_.evaluate_every;
      run.evaluate = [evaluation](const model::Network& network) {
        return nlohmann::json{
            {"evaluation", rollout::evaluate_policy(network, *evaluation)}};
      };
    }
    return run_training(data, std::move(run));
  }

  // The model's weights; its tasks are those of the demonstrations.
  std::unique_ptr<model::Network> make_initial_network(
      const train::TrainingData& data) const {
    const model::LoadedModel model = model::load_model(options_.init);
    model::ModelConfig config = config_;
    config.window_steps = data.window_steps();
    config.tasks = data.tasks();
    std::map<std::string, at::Tensor> weights;
    for (const model::Parameter& parameter : model.network->parameters()) {
      weights[parameter.name] = parameter.value.detach();
    }
    return std::make_unique<model::Network>(config, weights);
  }

  const FinetuneOptions& options_;
  const cli::OptionTable& table_;
  const cli::CommandContext& context_;
  const std::chrono::steady_clock::time_point start_time_ =
      std::chrono::steady_clock::now();
  const model::ModelConfig config_;
  std::optional<train::DemonstrationDataset> demonstrations_;
};

void validate_options(const FinetuneOptions& options) {
  if (!options.episodes.empty() && !options.demonstrations) {
    throw base::usage_error(
        "--episodes applies to --demonstrations, not to --data");
  }
  std::set<int64_t> seen;
  for (int64_t count : options.episodes) {
    if (count < 1) {
      throw base::usage_error("--episodes {}: must be at least 1", count);
    }
    if (!seen.insert(count).second) {
      throw base::usage_error(
          "--episodes contains {} twice; use --repeats for several samples of "
          "the same size",
          count);
    }
  }
}

// Adds the options for the training data.
void add_data_options(cli::OptionTable& table, FinetuneOptions& options) {
  table
      .add("demonstrations", &options.demonstrations,
           "Dataset of episodes, which are tokenized with the model's own "
           "vocabulary and settings")
      .metavar("DATASET")
      .may_change_on_resume();
  add_max_episode_steps_option(table, options.max_episode_steps,
                               "a demonstration")
      .fixed_on_resume();
  table
      .add("data", &options.data,
           "Sequence files from gato-pack, instead of --demonstrations")
      .metavar("FILE...")
      .files()
      .may_change_on_resume();
  table
      .add("episodes", &options.episodes,
           "Train once for each of these numbers of randomly sampled "
           "demonstrations; smaller samples are subsets of larger ones")
      .metavar("N,...")
      .default_is("once, on all demonstrations")
      .fixed_on_resume();
  table
      .add("repeats", &options.repeats,
           "Independent samples of each size, each with its own seed")
      .metavar("N")
      .range(1, 1e6)
      .fixed_on_resume();
  table.require_exactly_one({"demonstrations", "data"});
}

void add_evaluation_options(cli::OptionTable& table, FinetuneOptions& options) {
  table.begin_group("Evaluation");
  add_environment_options(table, options.environment, [](cli::Option& option) {
    option.fixed_on_resume();
  });
  table
      .add("eval-every", &options.evaluate_every,
           "Training steps between evaluations")
      .range(1, 1e12)
      .fixed_on_resume();
  table
      .add("eval-episodes", &options.evaluation.episodes,
           "Episodes per evaluation")
      .range(1, 1e9)
      .fixed_on_resume();
}

cli::CommandFunction build(cli::OptionTable& table) {
  auto options = std::make_shared<FinetuneOptions>();
  table
      .add("init", &options->init,
           "Model to start from: a model directory, or a run directory of "
           "gato-train")
      .metavar("MODEL")
      .required()
      .fixed_on_resume();
  table
      .add("preset", &options->preset,
           fmt::format("Read options from a named configuration ({}), a TOML "
                       "file in share/gato/presets that --config and the "
                       "command line override",
                       fmt::join(preset_names(PresetKind::finetuning), ", ")))
      .metavar("NAME")
      .fixed_on_resume();
  table.set_base_config_files([options] {
    std::vector<std::string> files;
    if (!options->preset.empty()) {
      files.push_back(
          preset_path(PresetKind::finetuning, options->preset).string());
    }
    return files;
  });
  add_data_options(table, *options);
  add_evaluation_options(table, *options);
  add_run_options(table, options->training);
  add_optimization_options(table, options->training);
  table.add_check([options] { validate_options(*options); });
  return [options, &table](cli::CommandContext& context) {
    return FinetuneCommand(*options, table, context).run();
  };
}

}  // namespace

cli::Command finetune_command() {
  cli::Command command;
  command.description =
      "Continues training a model on demonstrations of a task, with the "
      "settings of the paper's fine-tuning: Adam at a constant learning rate "
      "of 1e-5, batches of 64 sequences, a dropout rate of 0.1, and 10,000 "
      "training steps.\n\n"
      "OUTPUT is a run directory like that of gato-train, and every checkpoint "
      "in it is a model. With --episodes it contains one run per sample size "
      "and repeat, such as OUTPUT/episodes-3-repeat-1/: the points of a "
      "few-shot curve. With --env, metrics.jsonl also contains lines with the "
      "mean return of the policy, under the key \"evaluation\"; see "
      "gato-formats(5).\n\n"
      "When it is asked to stop, by SIGINT, SIGTERM, SIGHUP, SIGUSR1 or "
      "--max-time, the run saves a checkpoint and exits with status 75. The "
      "same command with --resume resumes it exactly; runs that are complete "
      "are not trained again.";
  command.seed_help =
      "Random seed of the samples, of the order of the data and of "
      "regularization; the same seed, inputs and options give the same "
      "weights";
  command.threads_help =
      "Number of threads; 0: one per processor. Does not affect the weights, "
      "up to the number of micro-batches per step";
  command.can_resume = true;
  command.output = cli::OutputRequirement::required;
  command.output_help = "Directory of the run";
  command.allow_existing_output = true;
  command.build = build;
  command.examples = {
      {"gato-finetune --init run --demonstrations catch-expert -o tuned",
       "Fine-tune on all demonstrations"},
      {"gato-finetune --init run --demonstrations catch-expert --episodes "
       "1,10,100 --repeats 3 --env arcade/catch -o curve",
       "A few-shot curve of nine runs"}};
  return command;
}

}  // namespace gato::commands
