// The options that gato-train and gato-finetune share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gato/cli/option_table.h"
#include "gato/cli/tool.h"
#include "gato/model/model_config.h"
#include "gato/model/parameters.h"
#include "gato/train/run/training_run.h"
#include "gato/train/training_config.h"

namespace gato::commands {

// The network's shape and initial weights, with the keys of config.json.
struct NetworkOptions {
  model::ModelConfig config;
  std::string position_encoding = "relative",
              action_position_encoding = "shared";
  std::optional<int64_t> window_steps;
  model::Initialization initialization;
};

// Options of training. They are bound to the members of `config`, except for
// those given as text, which are converted when the table is checked.
struct TrainingOptions {
  train::TrainingConfig config;
  bool resume = false;
  std::string max_time;
  std::string optimizer = "adamw";
  std::string loss_reduction = "token";
};

// The processes that share the work of a run, if gato-train has several.
struct ProcessOptions {
  int64_t processes = 1;
  std::string rank_timeout = "5m";
};

void add_network_options(cli::OptionTable& table, NetworkOptions& options);
void add_optimization_options(cli::OptionTable& table,
                              TrainingOptions& options);
void add_run_options(cli::OptionTable& table, TrainingOptions& options);
// Also adds --shard-optimizer, to `config`.
void add_process_options(cli::OptionTable& table, ProcessOptions& options,
                         train::TrainingConfig& config);

// Returns the options of a training run with this number of threads. The
// output, configuration, seed and progress display are those of the context.
// Directs messages to RUN/log.txt unless --log-file names another file.
train::TrainingRunOptions make_run_options(const TrainingOptions& options,
                                           const cli::OptionTable& table,
                                           const cli::CommandContext& context,
                                           int64_t threads);

// Runs a TrainingRun and logs its counts at the end.
base::ExitStatus run_training(const train::TrainingData& data,
                              train::TrainingRunOptions options);

}  // namespace gato::commands
