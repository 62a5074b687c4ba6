#include "gato/rollout/policy_factory.h"

#include <ATen/Parallel.h>

#include <utility>

#include "gato/rollout/nearest_policy.h"
#include "gato/rollout/scripted_policy.h"

namespace gato::rollout {

PolicyFactory make_scripted_policy_factory(
    const data::TaskSpec& task, const ScriptedPolicyOptions& options) {
  return [task, options](int64_t) {
    std::unique_ptr<Policy> policy =
        options.is_expert ? make_expert_policy()
                          : make_random_policy(task, options.seed);
    if (options.noise_level == 0) {
      return policy;
    }
    return make_noisy_policy(std::move(policy), task, options.noise_level,
                             /*record_expert_action=*/options.is_expert,
                             options.seed);
  };
}

PolicyFactory make_nearest_policy_factory(
    std::shared_ptr<const Demonstrations> demonstrations, int64_t neighbors,
    double noise_level, uint64_t seed) {
  return [=](int64_t) {
    std::unique_ptr<Policy> policy =
        make_nearest_policy(demonstrations, neighbors);
    if (noise_level == 0) {
      return policy;
    }
    return make_noisy_policy(std::move(policy), demonstrations->task(),
                             noise_level, /*record_expert_action=*/false, seed);
  };
}

PolicyFactory make_model_policy_factory(
    const model::Network& network,
    std::shared_ptr<const tokenize::TaskCodec> codec, std::string name,
    ModelPolicyOptions options) {
  return [&network, codec = std::move(codec), name = std::move(name),
          options = std::move(options)](int64_t slots) {
    at::set_num_threads(1);
    return make_model_policy(network, codec, slots, name, options);
  };
}

PolicyFactory make_model_policy_factory(const model::Network& network,
                                        const data::TaskSpec& task,
                                        ModelPolicyOptions options) {
  const model::ModelConfig& config = network.config();
  if (options.context_steps == 0) {
    options.context_steps = config.window_steps;
  }
  return make_model_policy_factory(
      network,
      std::make_shared<tokenize::TaskCodec>(
          tokenize::TaskCodec::for_environment(task, config.vocabulary,
                                               config.tasks)),
      "model", std::move(options));
}

}  // namespace gato::rollout
