// All random numbers come from PolicyInput::rng(), so that an action depends
// neither on the slot nor on the batch or the thread.
#include "gato/rollout/scripted_policy.h"

#include <fmt/format.h>

#include <utility>

#include "gato/rollout/action_sampling.h"

namespace gato::rollout {
namespace {

// Purposes of PolicyInput::rng().
constexpr uint64_t kRandomActionStream = 1, kNoiseStream = 2;

class ExpertPolicy : public Policy {
 public:
  std::string name() const override { return "expert"; }
  bool needs_expert_action() const override { return true; }
  void begin_episode(int64_t) override {}
  std::vector<PolicyOutput> act(std::span<const PolicyInput> inputs) override {
    std::vector<PolicyOutput> outputs(inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      outputs[i].action = *inputs[i].expert_action;
    }
    return outputs;
  }
};

class RandomPolicy : public Policy {
 public:
  RandomPolicy(const data::TaskSpec& task, uint64_t seed)
      : action_fields_(task.action_fields), seed_(seed) {}
  std::string name() const override { return "random"; }
  void begin_episode(int64_t) override {}
  std::vector<PolicyOutput> act(std::span<const PolicyInput> inputs) override {
    std::vector<PolicyOutput> outputs(inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      base::RandomStream rng = inputs[i].rng(seed_, kRandomActionStream);
      outputs[i].action = random_action(action_fields_, rng);
    }
    return outputs;
  }

 private:
  std::vector<data::Field> action_fields_;
  uint64_t seed_;
};

class NoisyPolicy : public Policy {
 public:
  NoisyPolicy(std::unique_ptr<Policy> policy, const data::TaskSpec& task,
              double noise_level, bool record_expert_action, uint64_t seed)
      : policy_(std::move(policy)),
        action_fields_(task.action_fields),
        noise_level_(noise_level),
        records_expert_action_(record_expert_action),
        seed_(seed) {}
  std::string name() const override {
    return fmt::format("{} with noise {:g}", policy_->name(), noise_level_);
  }
  bool needs_expert_action() const override {
    return policy_->needs_expert_action();
  }
  bool depends_on_batch() const override { return policy_->depends_on_batch(); }
  void begin_episode(int64_t slot) override { policy_->begin_episode(slot); }
  std::vector<PolicyOutput> act(std::span<const PolicyInput> inputs) override {
    std::vector<PolicyOutput> outputs = policy_->act(inputs);
    for (size_t i = 0; i < inputs.size(); ++i) {
      PolicyOutput& output = outputs[i];
      if (!output.failure.empty()) {
        continue;
      }
      base::RandomStream rng = inputs[i].rng(seed_, kNoiseStream);
      data::FieldValues noisy =
          noisy_action(output.action, action_fields_, noise_level_, rng);
      if (records_expert_action_) {
        output.expert_action = std::move(output.action);
      }
      output.action = std::move(noisy);
    }
    return outputs;
  }

 private:
  std::unique_ptr<Policy> policy_;
  std::vector<data::Field> action_fields_;
  double noise_level_;
  bool records_expert_action_;
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<Policy> make_expert_policy() {
  return std::make_unique<ExpertPolicy>();
}

std::unique_ptr<Policy> make_random_policy(const data::TaskSpec& task,
                                           uint64_t seed) {
  return std::make_unique<RandomPolicy>(task, seed);
}

std::unique_ptr<Policy> make_noisy_policy(std::unique_ptr<Policy> policy,
                                          const data::TaskSpec& task,
                                          double noise_level,
                                          bool record_expert_action,
                                          uint64_t seed) {
  return std::make_unique<NoisyPolicy>(std::move(policy), task, noise_level,
                                       record_expert_action, seed);
}

}  // namespace gato::rollout
