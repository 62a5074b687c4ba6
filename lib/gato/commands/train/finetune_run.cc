// All runs are checked before the first one starts. Demonstrations are
// tokenized once and packed again for each run. The runs of a curve are trained
// one after another or, if the network is small, in processes forked from this
// one, which have inherited the tokens. Until then no thread has been started.
#include "gato/commands/train/finetune_run.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>
#include <utility>

#include "gato/base/signals.h"
#include "gato/cli/logging.h"
#include "gato/commands/train/distributed_run.h"
#include "gato/model/device.h"
#include "gato/model/model_directory.h"
#include "gato/model/precision.h"
#include "gato/rollout/environment_pool.h"
#include "gato/rollout/policy_evaluation.h"
#include "gato/train/dry_run.h"
#include "gato/train/input/demonstration_dataset.h"
#include "gato/train/input/sequence_file_data.h"
#include "gato/train/run/output_directory.h"
#include "gato/train/run/run_directory.h"
#include "gato/train/run/run_processes.h"
#include "gato/train/run/training_run.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;

bool is_small(const model::ModelConfig& config) {
  return model::parameter_count(config) < kSmallNetworkParameters;
}

class FinetuneWork {
 public:
  FinetuneWork(FinetuneOptions& options, const cli::OptionTable& table,
               const cli::CommandContext& context)
      : options_(options),
        table_(table),
        context_(context),
        output_(context.common.output),
        initial_network_(options.initial) {}

  base::ExitStatus run() {
    warn_of_too_many_threads(/*launch=*/{}, context_);
    find_environment();
    prepare_data();
    check_outputs();
    jobs_ = choose_jobs();
    spdlog::info("preset {}: {} parameters", options_.preset,
                 model::parameter_count(initial_network_.config()));
    if (options_.dry_run) {
      return print_dry_run();
    }
    if (context_.common.force) {
      remove_previous_runs();
    }
    return jobs_ > 1 ? train_in_processes() : train_all();
  }

 private:
  void find_environment();
  void prepare_data();
  void check_outputs() const;
  int64_t choose_jobs() const;
  void remove_previous_runs() const;
  base::ExitStatus print_dry_run();
  base::ExitStatus train_in_processes();
  base::ExitStatus train_all();
  base::ExitStatus train(const PlannedRun& run, int64_t threads,
                         base::ProgressDisplay* progress);
  std::unique_ptr<train::TrainingData> open_data(const PlannedRun& run) const;
  train::TrainingRunOptions make_run(const PlannedRun& run,
                                     const train::TrainingData& data,
                                     int64_t threads);
  rollout::PolicyEvaluationOptions evaluation_options() const;
  nlohmann::json demonstration_numbers(const PlannedRun& run) const;

  fs::path run_directory(const PlannedRun& run) const {
    return run.name.empty() ? output_ : output_ / run.name;
  }
  uint64_t seed() const { return context_.common.seed; }
  bool has_time_left() const {
    const double limit = options_.training.config.max_seconds;
    return limit <= 0 || std::chrono::duration<double>(
                             std::chrono::steady_clock::now() - start_time_)
                                 .count() < limit;
  }

  FinetuneOptions& options_;
  const cli::OptionTable& table_;
  const cli::CommandContext& context_;
  const fs::path output_;
  const std::chrono::steady_clock::time_point start_time_ =
      std::chrono::steady_clock::now();
  const InitialNetwork initial_network_;
  std::optional<NamedEnvironment> environment_;
  std::optional<train::DemonstrationDataset> demonstrations_;
  std::vector<train::Demonstration> usable_;
  std::vector<PlannedRun> runs_;
  int64_t jobs_ = 1;
  // Keeps environments for later runs; set by the first one, since a forked
  // process must not inherit any.
  rollout::EnvironmentFactory make_environment_;
};

void FinetuneWork::find_environment() {
  std::vector<NamedEnvironment> environments =
      find_environments(options_.environment);
  if (environments.size() > 1) {
    throw base::usage_error(
        "--env and --env-command name {} environments: the policy is evaluated "
        "in one",
        environments.size());
  }
  if (!environments.empty()) {
    environment_ = std::move(environments[0]);
  }
}

// Plans the runs and reads all demonstrations once. Throws before any work if a
// run has too few.
void FinetuneWork::prepare_data() {
  runs_ = plan_runs(options_.few_shot);
  if (!options_.demonstrations) {
    return;
  }
  demonstrations_.emplace(*options_.demonstrations, initial_network_.config(),
                          options_.max_episode_steps);
  usable_ = demonstrations_->validate();
  base::with_context(demonstrations_->path().string(), [&] {
    select_demonstrations(usable_, options_.few_shot, seed(), runs_);
  });
  std::set<int64_t> used;
  for (const PlannedRun& run : runs_) {
    used.insert(run.episodes.begin(), run.episodes.end());
  }
  demonstrations_->load(used);
}

void FinetuneWork::check_outputs() const {
  if (environment_) {
    const data::TaskTable tasks = demonstrations_
                                      ? demonstrations_->tasks()
                                      : open_data(runs_.front())->tasks();
    rollout::PolicyEvaluationOptions evaluation = evaluation_options();
    evaluation.make_environment = environment_->make;
    rollout::PolicyEvaluation(std::move(evaluation), tasks);
  }
  if (options_.dry_run) {
    return;
  }
  for (const PlannedRun& run : runs_) {
    train::check_output_directory(run_directory(run), options_.training.resume,
                                  context_.common.force,
                                  context_.common.config_files);
  }
}

int64_t FinetuneWork::choose_jobs() const {
  const int64_t run_count = std::ssize(runs_);
  if (options_.jobs > 0) {
    return std::min(options_.jobs, run_count);
  }
  if (!is_small(initial_network_.config()) ||
      options_.training.config.device != "cpu") {
    return 1;
  }
  return std::min(context_.common.threads, run_count);
}

// Removes the runs of an earlier invocation, which would become part of the
// curve. A run of --only leaves the others alone.
void FinetuneWork::remove_previous_runs() const {
  std::error_code ignored;
  if (runs_.front().name.empty() || options_.few_shot.only ||
      options_.training.resume || !fs::is_directory(output_, ignored)) {
    return;
  }
  std::vector<fs::path> old;
  for (const auto& entry : fs::directory_iterator(output_)) {
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

base::ExitStatus FinetuneWork::print_dry_run() {
  const PlannedRun& largest = *std::ranges::max_element(
      runs_, {}, [](const PlannedRun& run) { return run.episodes.size(); });
  const std::unique_ptr<train::TrainingData> data = open_data(largest);
  const int64_t threads = std::max<int64_t>(1, context_.common.threads / jobs_);
  const train::TrainingRunOptions run = make_run(largest, *data, threads);
  nlohmann::json report = train::dry_run_report(
      initial_network_.config(), run.config, *data, /*world_size=*/1);
  report["preset"] = options_.preset;
  report["runs"] = runs_.size();
  report["jobs"] = jobs_;
  nlohmann::json& seconds = report["seconds"];
  seconds["evaluation"] = nullptr;
  double evaluation_seconds = 0;
  if (run.evaluate) {
    const std::unique_ptr<model::Network> network = run.make_initial_network();
    const at::Device device = model::parse_device(run.config.device);
    network->move_to(device);
    network->set_precision(
        model::parse_precision(run.config.precision, device));
    const auto start = std::chrono::steady_clock::now();
    run.evaluate(*network, 1);
    const std::chrono::duration<double> elapsed =
        std::chrono::steady_clock::now() - start;
    seconds["evaluation"] = elapsed.count();
    const int64_t every = options_.evaluate_every;
    evaluation_seconds =
        elapsed.count() *
        static_cast<double>((run.config.steps + every - 1) / every);
  }
  // Evaluations run alongside training, but on the same processors.
  if (seconds["run"].is_number()) {
    seconds["run"] = seconds["run"].get<double>() + evaluation_seconds;
    seconds["curve"] =
        seconds["run"].get<double>() *
        static_cast<double>((std::ssize(runs_) + jobs_ - 1) / jobs_);
  }
  std::cout << report.dump(2) << "\n";
  return base::ExitStatus::success;
}

base::ExitStatus FinetuneWork::train_in_processes() {
  std::vector<std::string> names;
  for (const PlannedRun& run : runs_) {
    names.push_back(run.name);
  }
  spdlog::info("{} runs, {} at a time", names.size(), jobs_);
  // A child inherits the deferral, with which it saves its progress.
  const base::ScopedStopDeferral defer_stop;
  int64_t done_count = 0;
  const train::ForkedRun forked = train::fork_runs(
      names, jobs_, [this] { return !has_time_left(); },
      [&] {
        spdlog::info("{} of {} runs are done", ++done_count, names.size());
      });
  if (!forked.index) {
    return forked.status;
  }
  const cli::CommonOptions& common = context_.common;
  const PlannedRun& run = runs_[*forked.index];
  cli::init_logging(fmt::format("{}[{}]", context_.record.program, run.only));
  cli::configure_logging(common.log_level, common.quiet, common.log_file);
  return train(run, std::max<int64_t>(1, common.threads / jobs_),
               /*progress=*/nullptr);
}

base::ExitStatus FinetuneWork::train_all() {
  for (const PlannedRun& run : runs_) {
    if (run.episode_count) {
      spdlog::info("{} demonstrations, repeat {} of {}", *run.episode_count,
                   run.repeat, options_.few_shot.repeats);
    }
    const base::ExitStatus status =
        train(run, context_.common.threads, &context_.progress);
    if (status != base::ExitStatus::success) {
      return status;
    }
  }
  return base::ExitStatus::success;
}

base::ExitStatus FinetuneWork::train(const PlannedRun& run, int64_t threads,
                                     base::ProgressDisplay* progress) {
  const std::unique_ptr<train::TrainingData> data = open_data(run);
  train::check_compatible(initial_network_.config(), *data);
  train::TrainingRunOptions training = make_run(run, *data, threads);
  training.progress = progress;
  return run_training(*data, std::move(training));
}

std::unique_ptr<train::TrainingData> FinetuneWork::open_data(
    const PlannedRun& run) const {
  if (demonstrations_) {
    return demonstrations_->sample_sequences(run.episodes, seed());
  }
  return std::make_unique<train::SequenceFileData>(
      std::vector<fs::path>(options_.data.begin(), options_.data.end()));
}

train::TrainingRunOptions FinetuneWork::make_run(
    const PlannedRun& run, const train::TrainingData& data, int64_t threads) {
  if (!run.only.empty()) {
    options_.few_shot.only = run.only;
  }
  // More threads than micro-batches would divide matrix products, whose
  // rounding would then depend on the number of threads.
  train::BatchLoaderOptions loader = options_.training.config.loader;
  loader.micro_batch_size = train::resolve_micro_batch_size(
      options_.training.config, data.sequence_length());
  train::TrainingRunOptions training = make_run_options(
      options_.training, table_, context_,
      std::clamp<int64_t>(threads, 1, train::micro_batch_count(loader)));
  training.output = run_directory(run);
  training.start_time = start_time_;
  training.make_initial_network = [this, &data, repeat = run.repeat] {
    return initial_network_.make(data, seed(), repeat);
  };
  training.record_inputs = [this](data::Provenance& provenance) {
    initial_network_.record_inputs(provenance);
  };
  training.demonstrations = demonstration_numbers(run);
  if (environment_) {
    if (!make_environment_) {
      make_environment_ = rollout::make_pooled_factory(environment_->make);
    }
    auto evaluation = std::make_shared<rollout::PolicyEvaluation>(
        evaluation_options(), data.tasks());
    training.evaluate_every = options_.evaluate_every;
    training.evaluate = [evaluation, every = options_.evaluate_every](
                            const model::Network& network, int64_t step) {
      return evaluation->evaluate(network, (step - 1) / every);
    };
  }
  return training;
}

rollout::PolicyEvaluationOptions FinetuneWork::evaluation_options() const {
  rollout::PolicyEvaluationOptions evaluation;
  evaluation.environment = environment_->name;
  evaluation.make_environment = make_environment_;
  evaluation.episodes = options_.evaluation_episodes;
  evaluation.max_steps = options_.evaluation_max_steps;
  evaluation.seed = seed();
  evaluation.threads = context_.common.threads;
  evaluation.mask_actions =
      options_.training.config.loader.action_mask_probability == 1;
  return evaluation;
}

nlohmann::json FinetuneWork::demonstration_numbers(
    const PlannedRun& run) const {
  if (!demonstrations_) {
    return nullptr;
  }
  nlohmann::json numbers = nlohmann::json::array();
  for (const int64_t index : run.episodes) {
    numbers.push_back(usable_[static_cast<size_t>(index)].number);
  }
  return {{"dataset", demonstrations_->path().string()}, {"episodes", numbers}};
}

}  // namespace

TrainingOptions paper_finetuning_options() {
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

std::string default_finetuning_preset(const std::string& model) {
  return is_small(model::load_model_config(model)) ? "finetuning-small"
                                                   : "finetuning";
}

base::ExitStatus finetune(FinetuneOptions& options,
                          const cli::OptionTable& table,
                          const cli::CommandContext& context) {
  return FinetuneWork(options, table, context).run();
}

}  // namespace gato::commands
