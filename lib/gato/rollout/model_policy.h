// A network as a policy (Reed et al. 2022, section 2.4).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gato/model/decode/decoder.h"
#include "gato/model/token_sampler.h"
#include "gato/rollout/context_window.h"
#include "gato/rollout/policy.h"
#include "gato/rollout/prompt_retriever.h"
#include "gato/tokenize/task_codec.h"

namespace gato::rollout {

struct ModelPolicyOptions {
  model::SamplingOptions sampling;
  // The maximum number of steps that the network reads; 0: as many as fit its
  // context.
  int64_t context_steps = 0;
  // Replaces all action tokens that the network reads by separators. All tokens
  // of an action are then sampled after a single forward pass, independently of
  // one another (Reed et al. 2022, appendix G).
  bool mask_actions = false;
  std::vector<data::TokenRow>
      prompt;  // precedes the first step of every episode
  // If given, every action depends on the current observation only and on what
  // is retrieved for it, which precedes it in the place of the episode's own
  // past. Excludes a prompt.
  std::shared_ptr<const PromptRetriever> retriever = nullptr;
};

// Makes a policy for `slots` environments, each with a slot of one KV cache. At
// each step the observations and separators of all environments are read in one
// forward pass. Then their actions are sampled token by token, each token among
// the ids that the action space allows. Random numbers depend on the episode,
// the step and the token only. Logits depend on the other slots only by the
// rounding of the embeddings of patches or, on a GPU, by rounding. The network
// of the decoder must outlive the policy.
std::unique_ptr<Policy> make_model_policy(
    std::shared_ptr<const model::Decoder> decoder,
    std::shared_ptr<const tokenize::TaskCodec> codec, int64_t slots,
    const std::string& name, const ModelPolicyOptions& options);

}  // namespace gato::rollout
