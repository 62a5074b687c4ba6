// gato-finetune: a model and few demonstrations to a model.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/cli/tool.h"
#include "gato/model/network.h"

namespace gato::commands {

// What is asked for by --env, --eval-every and --eval-episodes.
struct PolicyEvaluationOptions {
  std::string environment;
  int64_t episodes = 10;
  uint64_t seed = 0;
  int64_t threads = 1;
  bool mask_actions = false;  // as the network is trained
};
// train/ knows no environments: the program passes in how a policy is
// evaluated.
struct PolicyEvaluator {
  // Errors: usage (an unknown environment), bad_input (a network of these tasks
  // knows it by other observations or actions).
  std::function<void(const PolicyEvaluationOptions&, const data::TaskTable&)>
      check;
  // Plays the episodes. Returns {"episodes","failed","mean","std", ...}.
  std::function<nlohmann::json(const model::Network&,
                               const PolicyEvaluationOptions&)>
      evaluate;
};

// The command of the program, for cli::run.
cli::Command finetune_command(const PolicyEvaluator& evaluator);

}  // namespace gato::commands
