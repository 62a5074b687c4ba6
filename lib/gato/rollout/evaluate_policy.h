// How well a network plays a built-in environment, while it is fine-tuned.
#pragma once

#include <nlohmann/json.hpp>

#include "gato/train/finetuning.h"

namespace gato {

// Error (usage) where there is no such environment, (bad_input) where a network
// of these tasks knows its task by other observations or actions.
void check_evaluation(const PolicyEvaluation& evaluation,
                      const TaskTable& tasks);

// Plays the episodes without a prompt, sampling at temperature 1, and returns
// {"environment","episodes","failed","mean","std"} of the returns; mean and std
// (divided by n) are null where an episode failed. The same seed plays the same
// episodes. Errors as check_evaluation.
nlohmann::json evaluate_policy(const Network& network,
                               const PolicyEvaluation& evaluation);

}  // namespace gato
