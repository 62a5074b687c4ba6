#include "gato/train/pretraining.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gato/base/signals.h"
#include "gato/cli/config.h"
#include "gato/data/checkpoints.h"
#include "gato/model/parameters.h"
#include "gato/train/drawn_sequences.h"
#include "gato/train/dry_run.h"
#include "gato/train/options.h"
#include "gato/train/preset.h"
#include "gato/train/processes.h"
#include "gato/train/run_directory.h"
#include "gato/train/sequence_set.h"
#include "gato/train/session.h"

namespace gato {
namespace {

// Where the sequences come from: files, or a mixture that they are drawn from.
struct DataOptions {
  std::vector<std::string> files;
  std::optional<std::string> mixture;
  std::optional<int64_t> length, sequences;
  std::optional<int64_t> pack_seed;
};

struct PretrainingOptions {
  DataOptions data;
  std::string preset;
  NetworkOptions network;
  OptimisationOptions optimisation;
  RunOptions run;
  ProcessOptions processes;
  bool dry_run = false;
};

// The text of an option that another part of the program has added.
template <class T>
const T& value(const cli::OptionTable& table, const std::string& name) {
  return *std::get<T*>(table.find(name)->target);
}

// Beneath --config and the command line: the preset, and over it, for a run
// that goes on, what it was started with.
std::vector<std::string> files_beneath(const PretrainingOptions& options,
                                       const cli::OptionTable& table) {
  std::vector<std::string> files;
  if (!options.preset.empty()) {
    files.push_back(
        preset_path(PresetFor::pretraining, options.preset).string());
  }
  const std::filesystem::path run = value<std::string>(table, "output");
  if (options.run.resume && holds_run(run) &&
      std::filesystem::exists(run / "config.toml")) {
    files.push_back((run / "config.toml").string());
  }
  return files;
}

std::unique_ptr<TrainingData> open_data(const PretrainingOptions& options) {
  const DataOptions& data = options.data;
  if (!data.mixture) {
    return std::make_unique<SequenceSet>(std::vector<std::filesystem::path>{
        data.files.begin(), data.files.end()});
  }
  const SamplerOptions sampling{
      .length = data.length.value_or(options.network.config.context),
      .window_steps = options.network.window_steps.value_or(0),
      .seed = static_cast<uint64_t>(data.pack_seed.value_or(0))};
  return std::make_unique<DrawnSequences>(*data.mixture, sampling,
                                          data.sequences.value_or(0));
}

void check_data(const DataOptions& data) {
  const std::pair<const char*, bool> drawing[] = {
      {"length", data.length.has_value()},
      {"sequences", data.sequences.has_value()},
      {"pack-seed", data.pack_seed.has_value()}};
  for (const auto& [name, is_given] : drawing) {
    if (is_given && !data.mixture) {
      throw usage_error(
          "--{} goes with --mixture; the sequences of --data are packed "
          "already",
          name);
    }
  }
}

ModelConfig model_config(const NetworkOptions& options,
                         const TrainingData& data) {
  ModelConfig config = options.config;
  config.position =
      options.position == "rotary" ? Position::rotary : Position::relative;
  config.action_position = options.action_position == "none"
                               ? ActionPosition::none
                               : ActionPosition::shared;
  config.window_steps = data.window_steps();
  if (options.window_steps && *options.window_steps != config.window_steps) {
    throw usage_error(
        "--window-steps is {}, but the sequences have windows of {} steps; "
        "leave the option out, or pack anew",
        *options.window_steps, config.window_steps);
  }
  config.vocabulary = data.vocabulary();
  config.tasks = data.tasks();
  config.validate();
  check_fit(config, data);
  return config;
}

// Warns in the `first` of the processes.
void check_shares(int64_t processes, bool is_first,
                  const OptimisationOptions& options, int64_t length) {
  const int64_t rows = micro_batch_rows(options, length);
  const int64_t parts = (options.batch_size + rows - 1) / rows;
  if (parts < processes) {
    const std::string advice =
        options.batch_size < processes
            ? fmt::format("raise --batch-size from {} to {}",
                          options.batch_size, processes)
            : fmt::format("lower --micro-batch from {} to {}", rows,
                          options.batch_size / processes);
    throw usage_error(
        "{} processes share the {} micro-batches of a step: {}, or start fewer "
        "processes",
        processes, parts, advice);
  }
  if (parts % processes != 0 && is_first) {
    spdlog::warn(
        "{} micro-batches a step are no multiple of {} processes: some of them "
        "wait for the others",
        parts, processes);
  }
}

ExitStatus show_dry_run(const PretrainingOptions& options,
                        const cli::Context& context) {
  Launch launch = launch_from(process_environment());
  if (launch.rank > 0) return ExitStatus::done;
  if (launch.is_alone())
    launch.size = launch.local_size = options.processes.processes;
  const std::unique_ptr<TrainingData> data = open_data(options);
  const ModelConfig config = model_config(options.network, *data);
  check_shares(launch.size, true, options.optimisation, data->length());
  TrainerOptions training =
      trainer_options(options.optimisation, options.run, data->length(),
                      threads_of(launch, context), context.common.seed);
  training.shard_optimizer = options.processes.shard_optimizer;
  if (const int64_t processors = ::sysconf(_SC_NPROCESSORS_ONLN);
      launch.local_size * training.gradient.threads > processors) {
    spdlog::warn(
        "{} processes of {} threads share {} processors, which the time of a "
        "step does not know",
        launch.local_size, training.gradient.threads, processors);
  }
  std::cout << dry_run(config, options.optimisation, training, *data,
                       launch.size)
                   .dump(2)
            << "\n";
  return ExitStatus::done;
}

ExitStatus train_in_rank(const PretrainingOptions& options,
                         const cli::OptionTable& table,
                         const cli::Context& context,
                         std::chrono::steady_clock::time_point started,
                         Ranks& ranks) {
  const std::filesystem::path output = context.common.output;
  const std::unique_ptr<TrainingData> data = open_data(options);
  const ModelConfig config = model_config(options.network, *data);
  ranks.together([&] {
    check_shares(ranks.size(), ranks.is_first(), options.optimisation,
                 data->length());
    if (ranks.is_first()) {
      check_run_output(output, options.run.resume, context.common);
    }
  });
  Session session{.output = output,
                  .data = *data,
                  .optimisation = options.optimisation,
                  .run = options.run,
                  .start = {},
                  .configuration = context.record.configuration,
                  .config_toml = cli::to_toml(table, options_of_call()),
                  .started = started,
                  .evaluate = {},
                  .threads = threads_of(ranks.launch(), context),
                  .ranks = &ranks,
                  .shard_optimizer = options.processes.shard_optimizer};
  session.start = [&] {
    return std::make_unique<Network>(config, context.common.seed,
                                     options.network.initialisation);
  };
  return run_session(session, context);
}

ExitStatus pretrain(const PretrainingOptions& options,
                    const cli::OptionTable& table, cli::Context& context) {
  const auto started = std::chrono::steady_clock::now();
  const std::filesystem::path output = context.common.output;
  const bool is_resumed = options.run.resume && holds_run(output);
  if (!is_resumed && options.preset.empty() && context.common.config.empty()) {
    throw usage_error("a new run needs a --preset ({}) or a --config",
                      fmt::join(preset_names(PresetFor::pretraining), ", "));
  }
  if (options.dry_run) return show_dry_run(options, context);
  try {
    return run_in_ranks(options.processes, context, [&](Ranks& ranks) {
      return train_in_rank(options, table, context, started, ranks);
    });
  } catch (const Stopped&) {
    if (!is_resumed || checkpoints_in(output).empty()) throw;
    spdlog::info("asked to stop before a step was done; nothing is lost");
    return ExitStatus::stopped_early;
  }
}

void add_data_options(cli::OptionTable& table, DataOptions& options) {
  table.add("data", &options.files, "Sequence files of gato-pack, read as one")
      .named("FILE...")
      .files();
  table
      .add("mixture", &options.mixture,
           "In place of --data: TOML file of [[mixture]] tables, as that of "
           "gato-pack, from whose token files the sequences are drawn on the "
           "way")
      .named("FILE");
  table
      .add(
          "length", &options.length,
          "Of --mixture: tokens a sequence; those of --context where not given")
      .named("L")
      .within(2, 1 << 20);
  table
      .add("sequences", &options.sequences,
           "Of --mixture: different sequences, read again when all were read; "
           "0, or not given: as many as have room for every token")
      .named("N")
      .within(0, 1LL << 40);
  table
      .add("pack-seed", &options.pack_seed,
           "Of --mixture: what the sequences are drawn from, the --seed of "
           "gato-pack; 0 where not given")
      .named("SEED")
      .within(0, 0x1p62);
  table.require_one({"data", "mixture"});
  table.check([&options] { check_data(options); });
}

cli::Work build(cli::OptionTable& table) {
  auto options = std::make_shared<PretrainingOptions>();
  add_data_options(table, options->data);
  table
      .add("preset", &options->preset,
           fmt::format(
               "Read options from a named configuration ({}); --config and "
               "the command line win over it. A new run needs this or "
               "--config",
               fmt::join(preset_names(PresetFor::pretraining), ", ")))
      .named("NAME");
  add_run_options(table, options->run);
  table
      .add(
          "dry-run", &options->dry_run,
          "Print parameters, memory and cost as JSON and exit; nothing is "
          "trained, but for some steps of three and of five layers, which tell "
          "what all take")
      .of_run();
  add_process_options(table, options->processes);
  add_network_options(table, options->network);
  add_optimisation_options(table, options->optimisation);
  table.check([options] {
    if (options->run.asynchronous_save && options->processes.shard_optimizer) {
      throw usage_error(
          "--asynchronous-save cannot be had with --shard-optimizer, whose "
          "checkpoints all processes write together; leave one of them out");
    }
  });
  table.beneath([options, &table] { return files_beneath(*options, table); });
  return [options, &table](cli::Context& context) {
    return pretrain(*options, table, context);
  };
}

}  // namespace

cli::Command pretraining_command() {
  cli::Command command;
  command.summary = "Train a network on sequence files, or on a mixture";
  command.description =
      "Trains one decoder-only transformer to predict the text and action "
      "tokens of the sequences, and leaves a model directory in every "
      "checkpoint.\n\n"
      "With --mixture no sequence file is needed: the sequences that gato-pack "
      "would write for the same mixture, --length, --window-steps, --sequences "
      "and --pack-seed are drawn from the token files when they are read, and "
      "the weights are the same. A large --sequences shows new ones all the "
      "time.\n\n"
      "OUTPUT is a run: step-N/ are its checkpoints, latest names the newest, "
      "metrics.jsonl has a line every --log-every steps, config.toml is the "
      "configuration, log.txt the messages, unless --log-file names another. A "
      "run that is asked to stop, by "
      "SIGINT, SIGTERM, SIGUSR1 or --max-time, saves a checkpoint and exits "
      "with status 75; the same command with --resume then goes on as if it "
      "had never stopped, and starts the run where there is none: one job can "
      "be submitted again and again. After a kill -9 the steps since the last "
      "checkpoint are lost. The learning rate depends on the step and "
      "--decay-steps, never on --steps, so a run can also be made longer.\n\n"
      "A resumed run keeps the options it was started with; only "
      "--activation-checkpointing, those of Run and Processes, --threads and "
      "the common options of the log may change, and of these --max-time, "
      "--processes, --rank-timeout, --threads and those of the log are of one "
      "call and are not kept. The weights do "
      "not depend on --threads up to the number of micro-batches a step.\n\n"
      "Several processes share the work of a step where torchrun, mpirun or "
      "srun starts them, or --processes. They learn what one process does, but "
      "for the rounding of sums in another order, so the number of processes "
      "is part of what decides the bytes, and 1 unless it is given. Two "
      "processes of one thread are about as fast as two threads of one "
      "process, which work on micro-batches of their own as well: many "
      "processes are for many machines. A process that fails or stands "
      "still ends the job, which names it; gato(7) says more.";
  command.output = cli::Output::required;
  command.output_help = "Directory of the run";
  command.output_may_exist = true;
  command.build = build;
  command.examples = {
      {"gato-train --data train.h5 --preset gato-79m -o run",
       "Train the paper's smallest network"},
      {"gato-train --data train.h5 --preset gato-79m -o run --resume "
       "--max-time 1h",
       "Go on for an hour, or start"},
      {"gato-train --mixture share/gato/mixtures/paper.toml --sequences "
       "512000000 --preset gato-364m -o run",
       "Sequences drawn from token files, none of them twice in 1,000,000 "
       "steps of 512"},
      {"gato-train --data train.h5 --preset gato-364m -o run --processes 4 "
       "--shard-optimizer",
       "Four processes on this machine, with a quarter of the optimiser each"},
      {"srun --ntasks 16 gato-train --data train.h5 --preset gato-364m -o run "
       "--resume",
       "Sixteen processes by Slurm"},
      {"gato-train --data a.h5 b.h5 --config mine.toml --layers 4 -o run",
       "Two files, options from a file, one of them changed"}};
  return command;
}

}  // namespace gato
