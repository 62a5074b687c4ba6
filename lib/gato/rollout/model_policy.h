// The network as a policy (paper 2.2, deployment).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gato/model/network.h"
#include "gato/model/token_sampler.h"
#include "gato/rollout/context_window.h"
#include "gato/rollout/policy.h"
#include "gato/rollout/task_match.h"
#include "gato/tokenize/step_encoder.h"

namespace gato::rollout {

struct ModelPolicyOptions {
  model::SamplingOptions sampling;
  int64_t context_steps = 0;  // 0: as many as the context holds
  // Separators stand for all action tokens that the network reads, so that all
  // tokens of an action are sampled after one forward, none of them knowing the
  // others (paper, appendix G).
  bool mask_actions = false;
  std::vector<StepTokens> prompt;  // every episode begins with it
};

// What several policies share: the task as the model reads it. `network`,
// `match` and `encoder` must outlive the policies.
struct ModelTask {
  const model::Network& network;
  const TaskMatch& match;
  const tokenize::StepEncoder& encoder;  // of match.spec
};

// A slot of the network's cache for every environment. At each step all of them
// read their observation and the separator in one forward; then the action
// tokens are sampled in step, each restricted to the ids that the action's
// space allows. Chance depends on episode, step and token alone; the logits
// depend on the other slots in the last bits of their arithmetic only.
std::unique_ptr<Policy> make_model_policy(const ModelTask& task, int64_t slots,
                                          const std::string& name,
                                          const ModelPolicyOptions& options);

}  // namespace gato::rollout
