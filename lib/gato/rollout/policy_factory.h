// Makes the policies of a run, of which every thread of the runner has one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gato/data/episode.h"
#include "gato/model/decode/decoder.h"
#include "gato/model/network.h"
#include "gato/rollout/demonstrations.h"
#include "gato/rollout/episode_runner.h"
#include "gato/rollout/model_policy.h"
#include "gato/tokenize/task_codec.h"

namespace gato::rollout {

struct ScriptedPolicyOptions {
  bool is_expert = false;  // the environment's expert, or else random actions
  double noise_level = 0;  // see noisy_action; 0: no noise
  uint64_t seed = 0;
};

// Returns a factory of the environment's expert or of random actions. If there
// is noise, the expert's own choice is recorded alongside the executed action.
PolicyFactory make_scripted_policy_factory(
    const data::TaskSpec& task, const ScriptedPolicyOptions& options);

// Returns a factory of policies that retrieve actions from demonstrations.
PolicyFactory make_nearest_policy_factory(
    std::shared_ptr<const Demonstrations> demonstrations, int64_t neighbors,
    double noise_level, uint64_t seed);

// Returns a factory of policies called `name` that share the decoder and the
// codec. The network of the decoder must outlive the factory and its policies.
// The factory turns off LibTorch's own threads in the thread that calls it: the
// runner's threads play different batches, and results must not depend on how
// many there are.
PolicyFactory make_model_policy_factory(
    std::shared_ptr<const model::Decoder> decoder,
    std::shared_ptr<const tokenize::TaskCodec> codec, std::string name,
    ModelPolicyOptions options);

// Returns the same for environments of `task`, with the network's own weights,
// vocabulary and tasks. The policies are called "model". They read as many
// steps as the windows of the network's training unless options.context_steps
// is set. Throws what TaskCodec::for_environment() throws.
PolicyFactory make_model_policy_factory(const model::Network& network,
                                        const data::TaskSpec& task,
                                        ModelPolicyOptions options = {});

}  // namespace gato::rollout
