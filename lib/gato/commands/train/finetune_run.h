// The work of gato-finetune: a run, or the runs of a few-shot curve.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/cli/option_table.h"
#include "gato/cli/tool.h"
#include "gato/commands/environment_options.h"
#include "gato/commands/train/few_shot_plan.h"
#include "gato/commands/train/initial_network.h"
#include "gato/commands/train/training_options.h"

namespace gato::commands {

// Returns the settings of Reed et al. 2022, appendix E: Adam at a constant
// learning rate, and dropout instead of stochastic depth.
TrainingOptions paper_finetuning_options();

struct FinetuneOptions {
  InitialNetworkOptions initial;
  std::string preset;
  std::optional<std::string> demonstrations;
  std::vector<std::string> data;
  int64_t max_episode_steps = 0;
  FewShotOptions few_shot;
  int64_t jobs = 0;  // runs at the same time; 0: chosen by the network
  bool dry_run = false;
  EnvironmentOptions environment;
  int64_t evaluate_every = 100;
  int64_t evaluation_episodes = 10;
  int64_t evaluation_max_steps = 0;  // of an episode; 0: no further limit
  // The paper's settings until a preset is read.
  TrainingOptions training = paper_finetuning_options();
};

// Networks with fewer parameters than this are fine-tuned with the preset
// finetuning-small, and several runs of a curve are trained at the same time.
constexpr int64_t kSmallNetworkParameters = 10'000'000;

// Returns the preset of a model by the size of its network. Throws like
// model::load_model_config().
std::string default_finetuning_preset(const std::string& model);

// Trains all runs, or prints what they would cost. The configuration of each
// run of a curve has its own option --only.
base::ExitStatus finetune(FinetuneOptions& options,
                          const cli::OptionTable& table,
                          const cli::CommandContext& context);

}  // namespace gato::commands
