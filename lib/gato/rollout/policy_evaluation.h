// How well a network plays a built-in environment, while it is fine-tuned.
#pragma once

#include <nlohmann/json.hpp>

#include "gato/commands/finetune.h"

namespace gato::rollout {

// Error (usage) where there is no such environment, (bad_input) where a network
// of these tasks knows its task by other observations or actions.
void validate_policy_evaluation(
    const commands::PolicyEvaluationOptions& evaluation,
    const data::TaskTable& tasks);

// Plays the episodes without a prompt, sampling at temperature 1, and returns
// {"environment","episodes","failed","mean","std"} of the returns; mean and std
// (divided by n) are null where an episode failed. The same seed plays the same
// episodes. Errors as validate_policy_evaluation.
nlohmann::json evaluate_policy(
    const model::Network& network,
    const commands::PolicyEvaluationOptions& evaluation);

}  // namespace gato::rollout
