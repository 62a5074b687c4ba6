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
#include "gato/model/network.h"
#include "gato/train/distributed/ranks.h"
#include "gato/train/options.h"
#include "gato/train/training_data.h"

namespace gato {

struct Session {
  std::filesystem::path output;  // RUN
  const TrainingData& data;
  OptimisationOptions optimisation;
  RunOptions run;
  // The network that a fresh run starts with.
  std::function<std::unique_ptr<Network>()> start;
  nlohmann::json configuration;  // of the program, merged
  std::string config_toml;       // the same, as --config reads it
  std::chrono::steady_clock::time_point started;  // --max-time counts from here
  // Called with the network; see TrainerOptions::evaluate.
  int64_t evaluate_every = 0;
  std::function<nlohmann::json(const Network&)> evaluate;
  int64_t threads = 1;  // of this process
  // The processes of the run; each calls run_session(), and only the first
  // touches RUN, but for the slices of the optimiser.
  Ranks* ranks = nullptr;  // null: one process
  bool shard_optimizer = false;
};

// Error (usage) where `output` is no directory, or holds something: a run that
// is neither to be resumed nor replaced (--force), anything else without
// --force, or a --config file that a new run would overwrite.
void check_run_output(const std::filesystem::path& output, bool resume,
                      const cli::CommonOptions& common);

// Errors: usage (a resumed run would change; see lasting_part), bad_input
// (other data, no whole checkpoint), and those of train().
ExitStatus run_session(const Session& session, const cli::Context& context);

// Error (usage) where the network cannot read the data, (bad_input) where it
// has another vocabulary.
void check_fit(const ModelConfig& config, const TrainingData& data);

}  // namespace gato
