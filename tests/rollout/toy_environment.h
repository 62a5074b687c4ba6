// Environments for tests: a counter, and one that breaks down on demand.
#pragma once

#include <functional>
#include <utility>

#include "gato/env/environment.h"

namespace gato {

inline Field make_field(std::string name, Role role, DType dtype,
                        std::vector<int64_t> shape) {
  Field field;
  field.name = std::move(name);
  field.role = role;
  field.dtype = dtype;
  field.shape = std::move(shape);
  return field;
}

// Observes (the seed mod 1000, the steps so far, the last action); the reward
// is the action; ends after `length` steps. Its expert's choice is the step
// number mod 4, and .25 for the continuous action.
class ToyEnvironment : public Environment {
 public:
  explicit ToyEnvironment(int64_t length, bool continuous = false)
      : length_(length) {
    spec_.task.name = "toy/counter";
    spec_.task.domain = "toy";
    Field state =
        make_field("observation", Role::continuous, DType::float64, {3});
    state.low.assign(3, -1000);
    state.high.assign(3, 1000);
    spec_.task.observation = {state};
    Field action = make_field("action", Role::discrete, DType::int64, {});
    if (continuous) {
      action = make_field("action", Role::continuous, DType::float32, {2});
      action.low = {-1, 0};
      action.high = {1, 4};
    } else {
      action.n = {4};
      action.start = {0};
    }
    spec_.task.action = {action};
    spec_.has_expert = true;
  }

  const EnvironmentSpec& spec() const override { return spec_; }
  EnvironmentSpec& mutable_spec() { return spec_; }

  Values reset(uint64_t seed) override {
    ++resets;
    seed_ = static_cast<double>(seed % 1000);
    step_ = 0;
    last_ = 0;
    return observe();
  }

  StepResult step(const Values& action) override {
    ++step_;
    last_ = std::get<Array>(action[0]).as_double(0);
    StepResult result{observe(), last_, step_ == length_, false, {}};
    result.info["success"] = step_ == length_ && last_ == 3;
    if (disturb) disturb(*this, result);
    return result;
  }

  Values expert() override {
    const Field& field = spec_.task.action[0];
    Array action = Array::zeros(field.dtype, field.shape);
    for (int64_t i = 0; i < action.size(); ++i)
      action.set(i, field.n.empty() ? 0.25 : static_cast<double>(step_ % 4));
    return {action};
  }

  Image render() override { return {}; }

  int64_t steps() const { return step_; }
  double seed() const { return seed_; }
  int64_t resets = 0;
  // Changes what a step returns, or throws in its place.
  std::function<void(ToyEnvironment&, StepResult&)> disturb;

 private:
  Values observe() const {
    Array state = Array::zeros(DType::float64, {3});
    state.set(0, seed_);
    state.set(1, static_cast<double>(step_));
    state.set(2, last_);
    return {state};
  }

  EnvironmentSpec spec_;
  int64_t length_, step_ = 0;
  double seed_ = 0, last_ = 0;
};

}  // namespace gato
