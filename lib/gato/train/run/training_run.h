// One call of gato-train or gato-finetune: starts a run or goes on with one.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/base/error.h"
#include "gato/cli/tool.h"
#include "gato/commands/training_options.h"
#include "gato/model/network.h"
#include "gato/train/distributed/process_group.h"
#include "gato/train/input/training_data.h"

namespace gato::train {

struct TrainingRunOptions {
  std::filesystem::path output;  // RUN
  const TrainingData& data;
  commands::OptimizationOptions optimization;
  commands::RunOptions run_options;
  // The network that a fresh run starts with.
  std::function<std::unique_ptr<model::Network>()> make_initial_network;
  nlohmann::json configuration;  // of the program, merged
  std::string config_toml;       // the same, as --config reads it
  std::chrono::steady_clock::time_point
      start_time;  // --max-time counts from here
  // Called with the network; see TrainerOptions::evaluate.
  int64_t evaluate_every = 0;
  std::function<nlohmann::json(const model::Network&)> evaluate;
  int64_t threads = 1;  // of this process
  // The processes of the run; each calls run_training(), and only the first
  // touches RUN, but for the slices of the optimiser.
  ProcessGroup* process_group = nullptr;  // null: one process
  bool shard_optimizer = false;
};

// Error (usage) where `output` is no directory, or holds something: a run that
// is neither to be resumed nor replaced (--force), anything else without
// --force, or a --config file that a new run would overwrite.
void check_output_directory(const std::filesystem::path& output, bool resume,
                            const cli::CommonOptions& common);

// Errors: usage (a resumed run would change; see immutable_config), bad_input
// (other data, no whole checkpoint), and those of train().
base::ExitStatus run_training(const TrainingRunOptions& session,
                              const cli::CommandContext& context);

// Error (usage) where the network cannot read the data, (bad_input) where it
// has another vocabulary.
void check_compatible(const model::ModelConfig& config,
                      const TrainingData& data);

}  // namespace gato::train
