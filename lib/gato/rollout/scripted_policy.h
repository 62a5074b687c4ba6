// Policies without a network: the environment's own expert, chance, and either
// of them disturbed by noise.
#pragma once

#include <memory>

#include "gato/rollout/policy.h"

namespace gato::rollout {

// Asks the environment's demonstrator; it must have one.
std::unique_ptr<Policy> make_expert_policy();

// Draws every action from the action space (rollout/action_sampling.h).
std::unique_ptr<Policy> make_random_policy(const data::TaskSpec& task,
                                           uint64_t seed);

// Executes the actions of `policy` disturbed with `probability` on every step.
// With `label` what `policy` chose goes to Decision::expert_action, so that a
// learner reads what was done and predicts what should have been.
std::unique_ptr<Policy> make_noisy_policy(std::unique_ptr<Policy> policy,
                                          const data::TaskSpec& task,
                                          double noise_level,
                                          bool record_expert_action,
                                          uint64_t seed);

}  // namespace gato::rollout
