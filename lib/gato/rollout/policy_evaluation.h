// Evaluates a network in an environment during fine-tuning.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/data/token_file.h"
#include "gato/model/network.h"
#include "gato/rollout/episode_runner.h"
#include "gato/tokenize/task_codec.h"

namespace gato::rollout {

struct PolicyEvaluationOptions {
  std::string environment;  // its name in the result
  EnvironmentFactory make_environment;
  int64_t episodes = 10;  // per evaluation
  int64_t max_steps = 0;  // of an episode; 0: the environment's own limit
  uint64_t seed = 0;
  int64_t threads = 1;
  // True if past actions are masked, which they must be if the network is
  // trained that way.
  bool mask_actions = false;
};

// Evaluates networks of one configuration.
class PolicyEvaluation {
 public:
  // Starts an environment. Throws Error(bad_input) if `tasks`, those of the
  // networks, describe its task with other observations or actions.
  PolicyEvaluation(PolicyEvaluationOptions options,
                   const data::TaskTable& tasks);

  // Plays the episodes of evaluation `index`, from 0, without a prompt and
  // samples at temperature 1. Evaluations play different episodes; the same
  // seed and index play the same ones. Returns
  //   {"environment", "task", "episodes", "failed",
  //    "returns": of the episodes that did not fail, in order,
  //    "mean", "std": of all returns (divided by n); null if one failed,
  //    "success": fraction of the episodes; null if none reports it}
  nlohmann::json evaluate(const model::Network& network, int64_t index);

 private:
  PolicyEvaluationOptions options_;
  data::TaskSpec task_;                               // of the environment
  std::shared_ptr<const tokenize::TaskCodec> codec_;  // made once
};

}  // namespace gato::rollout
