// Evaluates a network in an environment during fine-tuning.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/data/token_file.h"
#include "gato/model/network.h"
#include "gato/rollout/episode_runner.h"

namespace gato::rollout {

struct PolicyEvaluation {
  std::string environment;  // its name in the result
  EnvironmentFactory make_environment;
  int64_t episodes = 10;
  uint64_t seed = 0;
  int64_t threads = 1;
  // Whether past actions are masked, which they must be if the network is
  // trained that way.
  bool mask_actions = false;
};

// Starts an environment. Throws Error(bad_input) if `tasks`, those of the
// network, describe its task with other observations or actions.
void validate_policy_evaluation(const PolicyEvaluation& evaluation,
                                const data::TaskTable& tasks);

// Plays the episodes without a prompt, samples at temperature 1 and returns
// {"environment", "episodes", "failed", "mean", "std"} of the returns. The mean
// and the standard deviation (divided by n) are null if an episode failed. The
// same seed plays the same episodes. Throws like validate_policy_evaluation.
nlohmann::json evaluate_policy(const model::Network& network,
                               const PolicyEvaluation& evaluation);

}  // namespace gato::rollout
