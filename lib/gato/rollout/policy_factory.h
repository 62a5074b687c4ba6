// Makes the policies of a run, of which every thread of the runner has one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gato/data/episode.h"
#include "gato/model/network.h"
#include "gato/rollout/episode_runner.h"
#include "gato/rollout/model_policy.h"
#include "gato/tokenize/task_codec.h"

namespace gato::rollout {

struct ScriptedPolicyOptions {
  bool is_expert = false;  // the environment's expert, or else random actions
  double noise_level = 0;  // see noisy_action; 0: no noise
  uint64_t seed = 0;
};

// The expert's choice is recorded beside the executed action if there is noise.
PolicyFactory make_scripted_policy_factory(
    const data::TaskSpec& task, const ScriptedPolicyOptions& options);

// Policies called `name` that share the network and the codec. `network` must
// outlive the factory and its policies. A thread that makes one computes with
// that thread alone from then on, so that the results of a run do not depend on
// the number of threads.
PolicyFactory make_model_policy_factory(
    const model::Network& network,
    std::shared_ptr<const tokenize::TaskCodec> codec, std::string name,
    ModelPolicyOptions options);

}  // namespace gato::rollout
