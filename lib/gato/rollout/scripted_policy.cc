#include "gato/rollout/scripted_policy.h"

#include <fmt/format.h>

#include <utility>

#include "gato/rollout/action_space.h"

namespace gato {
namespace {

// Keeps the draws of the policies apart (Turn::draws).
enum Purpose : uint64_t { random_actions = 1, noise = 2 };

class ExpertPolicy : public Policy {
 public:
  std::string name() const override { return "expert"; }
  void begin(int64_t) override {}
  std::vector<Decision> act(std::span<const Turn> turns) override {
    std::vector<Decision> decisions(turns.size());
    for (size_t i = 0; i < turns.size(); ++i) {
      try {
        decisions[i].action = turns[i].environment->expert();
      } catch (const EnvironmentError& error) {
        decisions[i].failure = fmt::format("expert: {}", error.what());
      }
    }
    return decisions;
  }
};

class RandomPolicy : public Policy {
 public:
  RandomPolicy(const TaskSpec& task, uint64_t seed)
      : action_(task.action), seed_(seed) {}
  std::string name() const override { return "random"; }
  void begin(int64_t) override {}
  std::vector<Decision> act(std::span<const Turn> turns) override {
    std::vector<Decision> decisions(turns.size());
    for (size_t i = 0; i < turns.size(); ++i) {
      RandomStream draws = turns[i].draws(seed_, Purpose::random_actions);
      decisions[i].action = random_action(action_, draws);
    }
    return decisions;
  }

 private:
  std::vector<Field> action_;
  uint64_t seed_;
};

class NoisyPolicy : public Policy {
 public:
  NoisyPolicy(std::unique_ptr<Policy> policy, const TaskSpec& task,
              double probability, bool label, uint64_t seed)
      : policy_(std::move(policy)),
        action_(task.action),
        probability_(probability),
        label_(label),
        seed_(seed) {}
  std::string name() const override {
    return fmt::format("{} with noise {:g}", policy_->name(), probability_);
  }
  void begin(int64_t slot) override { policy_->begin(slot); }
  std::vector<Decision> act(std::span<const Turn> turns) override {
    std::vector<Decision> decisions = policy_->act(turns);
    for (size_t i = 0; i < turns.size(); ++i) {
      Decision& decision = decisions[i];
      if (!decision.failure.empty()) continue;
      RandomStream draws = turns[i].draws(seed_, Purpose::noise);
      Values executed =
          disturbed_action(decision.action, action_, probability_, draws);
      if (label_) decision.expert_action = std::move(decision.action);
      decision.action = std::move(executed);
    }
    return decisions;
  }

 private:
  std::unique_ptr<Policy> policy_;
  std::vector<Field> action_;
  double probability_;
  bool label_;
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<Policy> make_expert_policy() {
  return std::make_unique<ExpertPolicy>();
}

std::unique_ptr<Policy> make_random_policy(const TaskSpec& task,
                                           uint64_t seed) {
  return std::make_unique<RandomPolicy>(task, seed);
}

std::unique_ptr<Policy> make_noisy_policy(std::unique_ptr<Policy> policy,
                                          const TaskSpec& task,
                                          double probability, bool label,
                                          uint64_t seed) {
  return std::make_unique<NoisyPolicy>(std::move(policy), task, probability,
                                       label, seed);
}

}  // namespace gato
