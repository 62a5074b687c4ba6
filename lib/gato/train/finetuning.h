// gato-finetune: a model and few demonstrations to a model.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/cli/tool.h"
#include "gato/model/network.h"

namespace gato {

// What is asked for by --env, --eval-every and --eval-episodes.
struct PolicyEvaluation {
  std::string environment;
  int64_t episodes = 10;
  uint64_t seed = 0;
  int64_t threads = 1;
};
// Plays the episodes. Returns {"episodes","failed","mean","std", ...}.
using EvaluatePolicy =
    std::function<nlohmann::json(const Network&, const PolicyEvaluation&)>;

// The command of the program, for cli::run. train/ knows no environments: the
// program passes in how a policy is evaluated.
cli::Command finetuning_command(EvaluatePolicy evaluate);

}  // namespace gato
