// A step consists of the observation o, the separator | and the action tokens
// a1 a2 ... ak, each of which is sampled from the hidden state of the token
// before it:
//
//   network reads    o o o  |   a1  a2  ...
//   and predicts           a1   a2  a3  ...
//
// sample_autoregressively() reads a token after it is sampled, which takes k
// forward passes. sample_in_parallel() reads separators in place of a1 to ak-1
// and samples all tokens from the hidden states of the k separators after one
// forward pass. Either way, the last action token is read with the next step.
#include "gato/rollout/model_policy.h"

#include <ATen/core/grad_mode.h>

#include <limits>
#include <utility>

#include "gato/base/error.h"
#include "gato/model/kv_cache.h"

namespace gato::rollout {
namespace {

class ModelPolicy : public Policy {
 public:
  ModelPolicy(std::shared_ptr<const model::Decoder> decoder,
              std::shared_ptr<const tokenize::TaskCodec> codec, int64_t slots,
              std::string name, const ModelPolicyOptions& options)
      : codec_(std::move(codec)),
        name_(std::move(name)),
        options_(options),
        cache_(std::move(decoder), slots),
        context_window_(cache_, options.context_steps) {
    mask_past_actions(options_.prompt);
  }

  std::string name() const override { return name_; }
  bool depends_on_batch() const override { return true; }

  void begin_episode(int64_t slot) override {
    const at::NoGradGuard no_gradients;
    context_window_.reset(slot, options_.prompt);
  }

  std::vector<PolicyOutput> act(std::span<const PolicyInput> inputs) override {
    const at::NoGradGuard no_gradients;
    std::vector<PolicyOutput> outputs(inputs.size());
    ActiveSlots active_slots;
    for (size_t i = 0; i < inputs.size(); ++i) {
      try {
        add_observation(inputs[i]);
      } catch (const base::Error& error) {
        if (error.status() != base::ExitStatus::bad_input) {
          throw;
        }
        outputs[i].failure = error.what();
        continue;
      }
      active_slots.input_indices.push_back(i);
      active_slots.slots.push_back(inputs[i].slot);
      // A second attempt has other random numbers than the first one.
      active_slots.keys.push_back(
          {static_cast<uint64_t>(inputs[i].episode) |
               static_cast<uint64_t>(inputs[i].attempt) << 48,
           static_cast<uint64_t>(inputs[i].step), 0});
    }
    if (active_slots.input_indices.empty()) {
      return outputs;
    }
    const std::vector<std::vector<int32_t>> ids =
        options_.mask_actions ? sample_in_parallel(active_slots)
                              : sample_autoregressively(active_slots);
    for (size_t i = 0; i < active_slots.input_indices.size(); ++i) {
      outputs[active_slots.input_indices[i]].action =
          codec_->decode_action(ids[i]);
    }
    return outputs;
  }

 private:
  // The environments that get an action, as parallel vectors. The others have
  // an observation that cannot be encoded.
  struct ActiveSlots {
    std::vector<size_t> input_indices;
    std::vector<int64_t> slots;
    std::vector<model::SampleKey> keys;
  };

  void add_observation(const PolicyInput& input) {
    data::TokenizedDocument document;  // of this step only
    document.is_episode = true;
    document.step_offset = {0};
    codec_->encode_observation(*input.observation, document);
    document.step_offset.push_back(std::ssize(document.tokens));
    if (options_.retriever) {
      retrieve_past(input, std::ssize(document.tokens));
    }
    context_window_.add_step(input.slot, step_tokens(document, 0),
                             codec_->action_tokens());
  }

  // Replaces the past of the slot by steps of a demonstration that leave room
  // for an observation of `observation_tokens` tokens and its action.
  void retrieve_past(const PolicyInput& input, int64_t observation_tokens) {
    const int64_t max_steps = options_.context_steps > 0
                                  ? options_.context_steps - 1
                                  : std::numeric_limits<int64_t>::max();
    std::vector<data::TokenRow> steps = options_.retriever->nearest_steps(
        *input.observation,
        cache_.capacity() - observation_tokens - codec_->action_tokens(),
        max_steps);
    mask_past_actions(steps);
    context_window_.replace_steps(input.slot, steps);
  }

  // Masks the action tokens if the network was trained that way.
  void mask_past_actions(std::vector<data::TokenRow>& steps) const {
    if (!options_.mask_actions) {
      return;
    }
    for (data::TokenRow& step : steps) {
      for (int64_t i = 0; i < step.size(); ++i) {
        if (step.local_position[i] == data::TokenRow::kActionLocalPosition) {
          step.tokens[i] = mask_token();
        }
      }
    }
  }

  // The token that training with masked actions has in their place.
  int32_t mask_token() const {
    return cache_.network().config().vocabulary.separator();
  }

  // Samples action token `token` of all active slots from hidden states [n, d].
  std::vector<int32_t> sample_token(const at::Tensor& hidden, int64_t token,
                                    ActiveSlots& active_slots) const {
    const std::vector<data::IdRange> ranges(active_slots.slots.size(),
                                            codec_->action_ranges()[token]);
    for (model::SampleKey& key : active_slots.keys) {
      key.token = token;
    }
    return model::sample_tokens(cache_.decoder(), hidden, ranges,
                                active_slots.keys, options_.sampling);
  }

  void add_mask_token(const ActiveSlots& active_slots, int64_t token) {
    for (int64_t slot : active_slots.slots) {
      context_window_.add_action_token(slot, mask_token(),
                                       codec_->action_modality(token));
    }
  }

  std::vector<std::vector<int32_t>> sample_autoregressively(
      ActiveSlots& active_slots) {
    std::vector<std::vector<int32_t>> actions(active_slots.slots.size());
    for (int64_t token = 0; token < codec_->action_tokens(); ++token) {
      const std::vector<int32_t> ids = sample_token(
          context_window_.forward(active_slots.slots), token, active_slots);
      for (size_t i = 0; i < ids.size(); ++i) {
        context_window_.add_action_token(active_slots.slots[i], ids[i],
                                         codec_->action_modality(token));
        actions[i].push_back(ids[i]);
      }
    }
    return actions;
  }

  std::vector<std::vector<int32_t>> sample_in_parallel(
      ActiveSlots& active_slots) {
    const int64_t tokens = codec_->action_tokens();
    for (int64_t token = 0; token + 1 < tokens; ++token) {
      add_mask_token(active_slots, token);
    }
    const at::Tensor hidden =
        context_window_.forward(active_slots.slots, tokens);
    add_mask_token(active_slots, tokens - 1);  // read with the next step
    const at::Tensor hidden_by_token =         // [n, tokens, d]
        hidden.view({std::ssize(active_slots.slots), tokens, hidden.size(1)});
    std::vector<std::vector<int32_t>> actions(active_slots.slots.size());
    for (int64_t token = 0; token < tokens; ++token) {
      const std::vector<int32_t> ids =
          sample_token(hidden_by_token.select(1, token), token, active_slots);
      for (size_t i = 0; i < ids.size(); ++i) {
        actions[i].push_back(ids[i]);
      }
    }
    return actions;
  }

  std::shared_ptr<const tokenize::TaskCodec> codec_;
  std::string name_;
  ModelPolicyOptions options_;
  model::KvCache cache_;
  ContextWindow context_window_;
};

}  // namespace

std::unique_ptr<Policy> make_model_policy(
    std::shared_ptr<const model::Decoder> decoder,
    std::shared_ptr<const tokenize::TaskCodec> codec, int64_t slots,
    const std::string& name, const ModelPolicyOptions& options) {
  return std::make_unique<ModelPolicy>(std::move(decoder), std::move(codec),
                                       slots, name, options);
}

}  // namespace gato::rollout
