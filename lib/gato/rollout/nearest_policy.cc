#include "gato/rollout/nearest_policy.h"

#include <utility>
#include <vector>

namespace gato::rollout {
namespace {

class NearestPolicy : public Policy {
 public:
  NearestPolicy(std::shared_ptr<const Demonstrations> demonstrations,
                int64_t neighbors)
      : demonstrations_(std::move(demonstrations)), neighbors_(neighbors) {}
  std::string name() const override { return "nearest"; }
  void begin_episode(int64_t) override {}
  std::vector<PolicyOutput> act(std::span<const PolicyInput> inputs) override {
    std::vector<const data::FieldValues*> observations;
    for (const PolicyInput& input : inputs) {
      observations.push_back(input.observation);
    }
    std::vector<Demonstrations::Match> matches =
        demonstrations_->find_nearest(observations, neighbors_);
    std::vector<PolicyOutput> outputs(inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      const std::vector<int64_t>& steps = matches[i].steps;
      if (!matches[i].failure.empty()) {
        outputs[i].failure = std::move(matches[i].failure);
      } else if (steps.size() == 1) {
        outputs[i].action = demonstrations_->action(steps[0]);
      } else {
        outputs[i].action = demonstrations_->combined_action(steps);
      }
    }
    return outputs;
  }

 private:
  std::shared_ptr<const Demonstrations> demonstrations_;
  int64_t neighbors_;
};

}  // namespace

std::unique_ptr<Policy> make_nearest_policy(
    std::shared_ptr<const Demonstrations> demonstrations, int64_t neighbors) {
  return std::make_unique<NearestPolicy>(std::move(demonstrations), neighbors);
}

}  // namespace gato::rollout
