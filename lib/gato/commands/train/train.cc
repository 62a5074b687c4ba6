// A run gets its options from four layers: defaults, the preset, --config and
// the command line; a resumed run also from its own config.toml, which
// overrides the preset. Every rank then opens the data, makes the network's
// configuration from it and hands over to train::TrainingRun. --dry-run stops
// before that and prints estimates.
#include "gato/commands/train/train.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gato/base/signals.h"
#include "gato/cli/toml_config.h"
#include "gato/commands/train/distributed_run.h"
#include "gato/commands/train/export_model.h"
#include "gato/commands/train/preset.h"
#include "gato/commands/train/train_data.h"
#include "gato/commands/train/training_options.h"
#include "gato/data/checkpoint_directory.h"
#include "gato/train/dry_run.h"
#include "gato/train/input/sequence_file_data.h"
#include "gato/train/run/output_directory.h"
#include "gato/train/run/run_directory.h"
#include "gato/train/run/training_run.h"

namespace gato::commands {
namespace {

constexpr const char* kDescription =
    "Trains one decoder-only transformer to predict the text and action tokens "
    "of sequences. Every checkpoint is a model directory.\n\n"
    "--mixture needs no sequence file: the sequences that gato-pack would "
    "write for the same mixture, --length, --window-steps, --sequences and "
    "--pack-seed are sampled from the token files during training, which gives "
    "bit-identical weights. No sequence is repeated before --sequences of them "
    "have been read.\n\n"
    "OUTPUT is a run directory. step-N/ are its checkpoints, and latest is a "
    "symbolic link to the latest one or, on file systems without symbolic "
    "links, a file that contains its name. Wherever a program takes a model, "
    "it also accepts the run directory, and then uses the checkpoint that "
    "latest points to or, if latest is missing or (with a warning) refers to "
    "none, the newest complete checkpoint. metrics.jsonl has one line per "
    "--log-every steps, config.toml is the configuration, and log.txt contains "
    "the messages unless --log-file names another file.\n\n"
    "When a run is asked to stop, by SIGINT, SIGTERM, SIGHUP, SIGUSR1 or "
    "--max-time, it saves a checkpoint and exits with status 75. The same "
    "command with --resume resumes it exactly, or starts it if there is no run "
    "yet, so that one job can be submitted again and again. After a kill -9, "
    "the steps since the last checkpoint are lost. --resume does not rely on "
    "latest: it takes the newest checkpoint whose digests match, and warns of "
    "those that are incomplete or corrupt. The learning rate depends on the "
    "step and on --decay-steps but not on --steps, so a run can be extended "
    "later.\n\n"
    "With --validation, metrics.jsonl also has a line with the losses of the "
    "validation data after every --validate-every steps. The weights are the "
    "same with and without it. With --keep-best, a checkpoint is saved "
    "whenever that loss reaches a new minimum, --keep never removes the best "
    "one, and OUTPUT/best points to it. Resumed and uninterrupted runs have "
    "the same best checkpoint. Steps that are not a multiple of "
    "--validate-every are not validated, not even the last one.\n\n"
    "A resumed run keeps the options that it was started with. Only --output "
    "and --no-provenance, the paths of the data (which must be the same), "
    "--activation-checkpointing, the options of Run, Validation and Processes, "
    "--threads and the logging options may change. Of these, --max-time, "
    "--processes, --rank-timeout, --threads and the logging options apply to "
    "one invocation and are not saved.\n\n"
    "Training is data-parallel if torchrun, mpirun, srun or --processes starts "
    "several processes (ranks), which split every batch. The result is that of "
    "one process except for rounding, because sums are computed in a different "
    "order; equal bytes therefore require an equal number of processes. On one "
    "machine, threads are about as fast as processes (threads, too, compute "
    "separate micro-batches), so use several processes only for several "
    "machines. If a process fails or hangs, the job fails and reports which "
    "one; see gato(7).\n\n"
    "--export does not train: it writes the model of a run to OUTPUT, in fp32 "
    "or bf16 and without the optimizer state, which is twice the size of the "
    "weights. The result can be used wherever a model is expected.";

const std::vector<cli::UsageExample> kExamples = {
    {"gato-train --data train.h5 --preset gato-79m -o run",
     "Train the paper's smallest network"},
    {"gato-train --data train.h5 --preset gato-79m -o run --resume "
     "--max-time 1h",
     "Resume or start a run, and stop after an hour"},
    {"gato-train --mixture share/gato/mixtures/paper.toml --sequences "
     "512000000 --preset gato-364m -o run",
     "Sequences sampled from token files, none repeated within 1,000,000 "
     "steps of 512 sequences"},
    {"gato-train --export run --dtype bf16 -o model",
     "The latest checkpoint of a run as a model, in a sixth of the space"},
    {"gato-train --data train.h5 --preset gato-364m -o run --processes 4 "
     "--shard-optimizer",
     "Four processes on this machine, each with a quarter of the optimizer "
     "state"},
    {"gato-train --data train.h5 --preset gato-79m -o run --validation "
     "held-out.h5 --validate-every 500 --keep-best",
     "Validate, and keep the best checkpoint as run/best"},
    {"srun --ntasks 16 gato-train --data train.h5 --preset gato-364m -o run "
     "--resume",
     "Sixteen processes started by Slurm"},
    {"gato-train --data a.h5 b.h5 --config mine.toml --layers 4 -o run",
     "Two sequence files, and options from a file, one of them overridden"}};

struct TrainOptions {
  TrainingDataOptions data;
  std::string preset;
  NetworkOptions network;
  TrainingOptions training;
  ProcessOptions processes;
  ExportOptions exported;
  bool dry_run = false;
};

// Returns the value of an option that another part of the program has added.
template <class T>
const T& option_value(const cli::OptionTable& table, const std::string& name) {
  return *std::get<T*>(table.find(name)->target);
}

// Returns the configuration files that --config and the command line override:
// the preset and, if a run is resumed, the configuration it was started with.
std::vector<std::string> base_config_files(const TrainOptions& options,
                                           const cli::OptionTable& table) {
  std::vector<std::string> files;
  if (!options.preset.empty()) {
    files.push_back(
        preset_path(PresetKind::pretraining, options.preset).string());
  }
  const std::filesystem::path run = option_value<std::string>(table, "output");
  if (options.training.resume && train::contains_run(run) &&
      std::filesystem::exists(run / "config.toml")) {
    files.push_back((run / "config.toml").string());
  }
  return files;
}

// Checks the micro-batches of --processes before this process forks them.
// Launchers start their processes themselves, which check them together.
void check_local_processes(const TrainOptions& options) {
  const int64_t processes = options.processes.processes;
  if (processes > 1 &&
      train::detect_launch(train::getenv_lookup()).is_single_process()) {
    train::check_micro_batches_per_rank(
        options.training.config,
        read_sequence_length(options.data, options.network), processes,
        /*is_rank_zero=*/false);
  }
}

base::ExitStatus print_dry_run(const TrainOptions& options,
                               const cli::OptionTable& table,
                               const cli::CommandContext& context) {
  train::LaunchInfo launch = train::detect_launch(train::getenv_lookup());
  if (launch.rank > 0) {
    return base::ExitStatus::success;
  }
  if (launch.is_single_process() && options.processes.processes > 1) {
    launch.launcher = "--processes";
    launch.world_size = launch.local_world_size = options.processes.processes;
  }
  const std::unique_ptr<train::TrainingData> data =
      open_training_data(options.data, options.network);
  const model::ModelConfig model = make_model_config(options.network, *data);
  open_validation_data(options.data, model, /*is_rank_zero=*/true);
  const train::TrainingConfig config =
      make_run_options(options.training, table, context,
                       threads_per_process(launch, context))
          .config;
  train::check_micro_batches_per_rank(config, data->sequence_length(),
                                      launch.world_size,
                                      /*is_rank_zero=*/true);
  if (warn_of_too_many_threads(launch, context) && launch.world_size > 1) {
    spdlog::warn("the estimated time per step does not account for this");
  }
  std::cout
      << train::dry_run_report(model, config, *data, launch.world_size).dump(2)
      << "\n";
  return base::ExitStatus::success;
}

base::ExitStatus train_on_rank(const TrainOptions& options,
                               const cli::OptionTable& table,
                               const cli::CommandContext& context,
                               std::chrono::steady_clock::time_point start_time,
                               train::ProcessGroup& process_group) {
  const std::unique_ptr<train::TrainingData> data =
      open_training_data(options.data, options.network);
  const model::ModelConfig model = make_model_config(options.network, *data);
  const std::unique_ptr<train::SequenceFileData> validation =
      open_validation_data(options.data, model, process_group.is_rank_zero());
  process_group.run_collectively([&] {
    train::check_micro_batches_per_rank(
        options.training.config, data->sequence_length(), process_group.size(),
        process_group.is_rank_zero());
    if (process_group.is_rank_zero()) {
      train::check_output_directory(
          context.common.output, options.training.resume, context.common.force,
          context.common.config_files);
    }
  });
  train::TrainingRunOptions run =
      make_run_options(options.training, table, context,
                       threads_per_process(process_group.launch(), context));
  run.start_time = start_time;
  run.process_group = &process_group;
  run.validation_data = validation.get();
  run.make_initial_network = [&] {
    return std::make_unique<model::Network>(model, context.common.seed,
                                            options.network.initialization);
  };
  return run_training(*data, std::move(run));
}

base::ExitStatus run_train(const TrainOptions& options,
                           const cli::OptionTable& table,
                           cli::CommandContext& context) {
  if (options.exported.source) {
    return export_model(options.exported, context);
  }
  const auto start_time = std::chrono::steady_clock::now();
  const std::filesystem::path output = context.common.output;
  const bool is_resumed =
      options.training.resume && train::contains_run(output);
  if (!is_resumed && options.preset.empty() &&
      context.common.config_files.empty()) {
    throw base::usage_error(
        "a new run needs a --preset ({}) or a --config",
        fmt::join(preset_names(PresetKind::pretraining), ", "));
  }
  if (options.dry_run) {
    return print_dry_run(options, table, context);
  }
  check_local_processes(options);
  try {
    return run_distributed(options.processes,
                           options.training.config.shard_optimizer, context,
                           [&](train::ProcessGroup& process_group) {
                             return train_on_rank(options, table, context,
                                                  start_time, process_group);
                           });
  } catch (const base::StoppedBySignal&) {
    if (!is_resumed || data::list_checkpoint_steps(output).empty()) {
      throw;
    }
    spdlog::info("stopped before completing a step; no progress was lost");
    return base::ExitStatus::stopped_early;
  }
}

void add_validation_options(cli::OptionTable& table, TrainOptions& options) {
  table.begin_group("Validation");
  table
      .add(
          "validation", &options.data.validation,
          "Held-out sequence files: not trained on, but their loss is reported "
          "in total and by modality, domain and task")
      .metavar("FILE...")
      .files()
      .may_change_on_resume();
  table
      .add("validate-every", &options.training.config.validate_every,
           "Training steps between validations")
      .metavar("N")
      .range(1, 1e12)
      .may_change_on_resume();
  table
      .add("keep-best", &options.training.config.keep_best,
           "Save a checkpoint whenever the validation loss reaches a new "
           "minimum, and keep the best one; OUTPUT/best points to it")
      .may_change_on_resume();
  table.add_check([&options] {
    if (!options.data.validation.empty()) {
      return;
    }
    const train::TrainingConfig& config = options.training.config;
    if (config.keep_best) {
      throw base::usage_error(
          "--keep-best requires --validation: pass sequence files whose loss "
          "decides which checkpoint is the best");
    }
    if (config.validate_every != train::TrainingConfig().validate_every) {
      throw base::usage_error(
          "--validate-every {} requires --validation: pass the held-out "
          "sequence files",
          config.validate_every);
    }
  });
}

cli::CommandFunction build(cli::OptionTable& table) {
  auto options = std::make_shared<TrainOptions>();
  add_training_data_options(table, options->data);
  table
      .add("preset", &options->preset,
           fmt::format(
               "Read options from a named configuration ({}), a TOML file in "
               "share/gato/presets that --config and the command line "
               "override. small has 1.2M parameters, for sequences of up to 96 "
               "tokens packed with --window-steps 2; gato-* are the paper's "
               "networks. A new run needs a preset or --config",
               fmt::join(preset_names(PresetKind::pretraining), ", ")))
      .metavar("NAME")
      .fixed_on_resume();
  add_run_options(table, options->training);
  table
      .add(
          "dry-run", &options->dry_run,
          "Print the number of parameters and the estimated memory and time as "
          "JSON and exit; the estimates are extrapolated from a few steps with "
          "three- and five-layer networks")
      .not_in_config();
  add_validation_options(table, *options);
  add_process_options(table, options->processes, options->training.config);
  add_network_options(table, options->network);
  add_optimization_options(table, options->training);
  add_export_options(table, options->exported);
  table.add_check([options] {
    const train::TrainingConfig& config = options->training.config;
    if (config.asynchronous_save && config.shard_optimizer) {
      throw base::usage_error(
          "--asynchronous-save cannot be combined with --shard-optimizer, "
          "whose checkpoints are written by all processes; use only one of "
          "them");
    }
    if (config.shard_optimizer &&
        config.optimizer.kind == train::OptimizerKind::muon) {
      throw base::usage_error(
          "--optimizer muon cannot be combined with --shard-optimizer, whose "
          "shards divide the matrices that Muon updates; use only one of "
          "them");
    }
  });
  table.set_base_config_files(
      [options, &table] { return base_config_files(*options, table); });
  return [options, &table](cli::CommandContext& context) {
    return run_train(*options, table, context);
  };
}

}  // namespace

cli::Command train_command() {
  cli::Command command;
  command.other_usages = {"--export MODEL --output PATH [--dtype TYPE]"};
  command.description = kDescription;
  command.seed_help =
      "Random seed of the initial weights, of the order of the data and of "
      "regularization; the same seed, inputs and options give the same "
      "weights, for the same number of processes";
  command.threads_help =
      "Number of threads per process; 0: one per processor, shared among the "
      "processes on a machine. Does not affect the weights, up to the number "
      "of micro-batches per process";
  command.can_resume = true;
  command.output = cli::OutputRequirement::required;
  command.output_help = "Directory of the run, or of the exported model";
  command.allow_existing_output = true;
  command.build = build;
  command.examples = kExamples;
  return command;
}

}  // namespace gato::commands
