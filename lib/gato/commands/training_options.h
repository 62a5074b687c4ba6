// What gato-train and gato-finetune can be told.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gato/cli/option_table.h"
#include "gato/model/model_config.h"
#include "gato/model/parameters.h"
#include "gato/model/precision.h"
#include "gato/train/adamw.h"
#include "gato/train/run/trainer.h"

namespace gato::commands {

// The network's shape and first weights; keys as in config.json.
struct NetworkOptions {
  model::ModelConfig config;
  std::string position_encoding = "relative",
              action_position_encoding = "shared";
  std::optional<int64_t> window_steps;
  model::Initialization initialization;
};

// Defaults are the paper's for pre-training (appendix D).
struct OptimizationOptions {
  int64_t batch_size = 512;
  int64_t micro_batch_size = 0;  // 0: chosen by resolve_micro_batch_size()
  double learning_rate = 1e-4;
  int64_t warmup_steps = 15000, decay_steps = 1000000;
  train::AdamWOptions adamw;
  double stochastic_depth = 0.1, dropout = 0;
  std::string loss_reduction = "token";
  double target_smoothing = 0;
  double action_mask_probability = 0;
  std::string precision = "auto", device = "cpu";
  bool activation_checkpointing = false;
};

// How long a run goes on and what it leaves behind; these may change when it is
// resumed.
struct RunOptions {
  int64_t steps = 1000000;
  std::string max_time;
  int64_t save_every = 1000, keep = 3, keep_every = 0, log_every = 10;
  bool resume = false;
  bool asynchronous_save = false;
  bool tensorboard = false;
};

// The processes that share the work of a run, where gato-train has several.
struct ProcessOptions {
  int64_t processes = 1;
  bool shard_optimizer = false;
  std::string rank_timeout = "5m";
};

void add_network_options(cli::OptionTable& table, NetworkOptions& options);
void add_optimization_options(cli::OptionTable& table,
                              OptimizationOptions& options);
void add_run_options(cli::OptionTable& table, RunOptions& options);
void add_process_options(cli::OptionTable& table, ProcessOptions& options);

// Rows of a micro-batch where none were given: about 2,048 tokens, on a GPU
// 16,384, and at least two micro-batches a step. Not a function of the number
// of threads, which may change nothing but the speed.
int64_t resolve_micro_batch_size(const OptimizationOptions& options,
                                 int64_t length);

// The options that are of one call, not of the run: its config.toml, which
// --resume reads, is without them.
const std::set<std::string>& per_invocation_options();

// Of the configuration of a program: the keys that a resumed run must share
// with the run as it was started.
nlohmann::json immutable_config(const nlohmann::json& configuration);

train::TrainerOptions make_trainer_options(
    const OptimizationOptions& optimization, const RunOptions& run,
    int64_t length, int64_t threads, uint64_t seed);

}  // namespace gato::commands
