#include "gato/rollout/model_policy.h"

#include <ATen/core/grad_mode.h>

#include <utility>

#include "gato/base/error.h"
#include "gato/model/cache.h"

namespace gato {
namespace {

class ModelPolicy : public Policy {
 public:
  ModelPolicy(const ModelTask& task, int64_t slots, std::string name,
              const ModelPolicyOptions& options)
      : task_(task),
        name_(std::move(name)),
        options_(options),
        cache_(task.network, slots),
        memory_(cache_, options.context_steps) {
    if (!options_.blank_actions) return;
    for (StepTokens& step : options_.prompt) {
      for (size_t i = 0; i < step.features.tokens.size(); ++i) {
        if (step.features.local[i] == TokenFeatures::action_local)
          step.features.tokens[i] = blank();
      }
    }
  }

  std::string name() const override { return name_; }

  void begin(int64_t slot) override {
    const at::NoGradGuard no_gradients;
    memory_.begin(slot, options_.prompt);
  }

  std::vector<Decision> act(std::span<const Turn> turns) override {
    const at::NoGradGuard no_gradients;
    std::vector<Decision> decisions(turns.size());
    Players players;
    for (size_t i = 0; i < turns.size(); ++i) {
      try {
        observe(turns[i]);
      } catch (const Error& error) {
        if (error.status() != ExitStatus::bad_input) throw;
        decisions[i].failure = error.what();
        continue;
      }
      players.turns.push_back(i);
      players.slots.push_back(turns[i].slot);
      // A second attempt draws other chances than the first.
      players.keys.push_back({static_cast<uint64_t>(turns[i].episode) |
                                  static_cast<uint64_t>(turns[i].attempt) << 48,
                              static_cast<uint64_t>(turns[i].step), 0});
    }
    if (players.turns.empty()) return decisions;
    const std::vector<std::vector<int32_t>> ids = options_.blank_actions
                                                      ? sample_together(players)
                                                      : sample_in_turn(players);
    for (size_t i = 0; i < players.turns.size(); ++i)
      decisions[players.turns[i]].action = task_.match.action_for_environment(
          task_.encoder.decode_action(ids[i]));
    return decisions;
  }

 private:
  // Those who get an action, as parallel vectors.
  struct Players {
    std::vector<size_t> turns;
    std::vector<int64_t> slots;
    std::vector<DrawKey> keys;
  };

  void observe(const Turn& turn) {
    TokenizedDocument document;
    document.is_episode = true;
    document.step_offset = {0};
    task_.encoder.encode_observation(
        task_.match.observation_of(*turn.observation), document);
    document.step_offset.push_back(
        static_cast<int64_t>(document.tokens.size()));
    memory_.add_step(turn.slot, step_tokens(document, 0),
                     task_.encoder.action_tokens());
  }

  int32_t blank() const {
    return task_.network.config().vocabulary.separator();
  }

  // Token `token` of every player's action, after hidden states [n, d].
  std::vector<int32_t> sample_token(const at::Tensor& hidden, int64_t token,
                                    Players& players) const {
    const std::vector<IdRange> ranges(players.slots.size(),
                                      task_.encoder.action_ranges()[token]);
    for (DrawKey& key : players.keys) key.token = token;
    return sample(task_.network, hidden, ranges, players.keys,
                  options_.sampler);
  }

  void add_blank(const Players& players, int64_t token) {
    for (int64_t slot : players.slots)
      memory_.add_action_token(slot, blank(),
                               task_.encoder.action_modality(token));
  }

  std::vector<std::vector<int32_t>> sample_in_turn(Players& players) {
    std::vector<std::vector<int32_t>> actions(players.slots.size());
    for (int64_t token = 0; token < task_.encoder.action_tokens(); ++token) {
      const std::vector<int32_t> ids =
          sample_token(memory_.read(players.slots), token, players);
      for (size_t i = 0; i < ids.size(); ++i) {
        memory_.add_action_token(players.slots[i], ids[i],
                                 task_.encoder.action_modality(token));
        actions[i].push_back(ids[i]);
      }
    }
    return actions;
  }

  std::vector<std::vector<int32_t>> sample_together(Players& players) {
    const int64_t tokens = task_.encoder.action_tokens();
    for (int64_t token = 0; token + 1 < tokens; ++token)
      add_blank(players, token);
    const at::Tensor hidden = memory_.read(players.slots, tokens);
    add_blank(players, tokens - 1);  // read before the next observation
    const at::Tensor by_token =
        hidden.view({std::ssize(players.slots), tokens, hidden.size(1)});
    std::vector<std::vector<int32_t>> actions(players.slots.size());
    for (int64_t token = 0; token < tokens; ++token) {
      const std::vector<int32_t> ids =
          sample_token(by_token.select(1, token), token, players);
      for (size_t i = 0; i < ids.size(); ++i) actions[i].push_back(ids[i]);
    }
    return actions;
  }

  ModelTask task_;
  std::string name_;
  ModelPolicyOptions options_;
  Cache cache_;
  Memory memory_;
};

}  // namespace

std::unique_ptr<Policy> make_model_policy(const ModelTask& task, int64_t slots,
                                          const std::string& name,
                                          const ModelPolicyOptions& options) {
  return std::make_unique<ModelPolicy>(task, slots, name, options);
}

}  // namespace gato
