// gato-rollout control: plays environments with a policy, writes datasets of
// the episodes and prints their returns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gato/cli/tool.h"
#include "gato/commands/environment_options.h"
#include "gato/commands/rollout/decoding_options.h"

namespace gato::commands {

// The options of the command, one member each; see their help.
struct RolloutControlOptions {
  std::optional<std::string> model, policy;
  EnvironmentOptions environments;
  int64_t episodes = 50, batch_size = 16, max_steps = 0;
  std::optional<std::string> prompt;  // "own", "none" or a dataset
  std::string prompt_part = "first";  // or "last" or "nearest"
  int64_t max_episode_steps = 0;      // of that dataset; 0: unknown
  std::optional<int64_t> context_steps;
  std::optional<double> temperature;
  bool greedy = false, mask_actions = false;
  std::optional<std::string> resize;
  DecodingOptions decoding;
  double noise = 0;
  std::vector<std::string> demonstrations;  // of the policy "nearest"
  int64_t neighbors = 1;
  std::optional<std::string> control_period;  // a duration such as "50ms"
  std::optional<std::string> video;
  int64_t video_episodes = 9;
  bool resume = false;
  bool list_environments = false, list_built_in = false, list_long = false;
  bool check_environments = false;
};

// Returns the seconds of --control-period, 0 if it is absent.
double control_period(const RolloutControlOptions& options);

// Returns the command for cli::Tool. It plays the tasks and writes the episodes
// of each as a Minari dataset: to --output or, with several environments, to
// OUTPUT/<task name>, where each '/' of the name makes a directory. The output
// appears complete or not at all, even if all episodes failed; until then the
// episodes are in OUTPUT.partial. Prints a table of returns to stdout.
cli::Command rollout_control_command();

}  // namespace gato::commands
