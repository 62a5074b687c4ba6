// Policies without a network: the environment's own expert, random actions, and
// either of them with noise.
#pragma once

#include <memory>

#include "gato/rollout/policy.h"

namespace gato::rollout {

// Takes the actions of the environment's expert, which must exist.
std::unique_ptr<Policy> make_expert_policy();

// Samples every action from the action space (see random_action).
std::unique_ptr<Policy> make_random_policy(const data::TaskSpec& task,
                                           uint64_t seed);

// Adds noise to the actions of `policy` (see noisy_action). If
// `record_expert_action`, the action without noise becomes
// PolicyOutput::expert_action: a learner then reads what was done and predicts
// what should have been done.
std::unique_ptr<Policy> make_noisy_policy(std::unique_ptr<Policy> policy,
                                          const data::TaskSpec& task,
                                          double noise_level,
                                          bool record_expert_action,
                                          uint64_t seed);

}  // namespace gato::rollout
