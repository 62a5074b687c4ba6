// gato-rollout control: from a policy and environments to datasets and scores.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gato/cli/tool.h"

namespace gato::commands {

// One member an option of the command, whose help explains it.
struct ControlCommandOptions {
  std::optional<std::string> model, policy;
  std::vector<std::string> environments;
  std::optional<std::string> environment_command;
  double hello_timeout = 60, step_timeout = 60;
  int64_t episodes = 50, batch_size = 16, max_steps = 0;
  std::optional<std::string> prompt;  // own, none or a dataset
  int64_t max_episode_steps = 0;      // of that dataset; 0: no limit known
  std::optional<int64_t> context_steps;
  std::optional<double> temperature;
  bool greedy = false, mask_actions = false;
  std::optional<std::string> resize;
  double noise = 0;
  std::optional<std::string> video;
  bool list_environments = false, check_environments = false;
};

// Plays every task in turn and writes its episodes as a Minari dataset: to
// --output, or with several environments to OUTPUT/<task name>, whose '/' makes
// folders. All of the output appears or nothing. A table of scores goes to
// stdout. The datasets are written even where every episode failed.
base::ExitStatus run_control(const ControlCommandOptions& options,
                             cli::CommandContext& context);
// The command line of it.
cli::Command rollout_control_command();

}  // namespace gato::commands
