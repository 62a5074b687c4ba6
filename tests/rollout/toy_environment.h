// An environment for tests that counts steps and fails on demand.
#pragma once

#include <functional>
#include <utility>

#include "data/make_field.h"
#include "gato/env/environment.h"

namespace gato::rollout {

using test::make_field;

// The observation is (the seed mod 1000, the steps so far, the last action),
// and the reward is the action. An episode has `length` steps. The expert's
// action is the index of the step mod 4, or 0.25 if actions are continuous.
class ToyEnvironment : public env::Environment {
 public:
  explicit ToyEnvironment(int64_t length, bool is_continuous = false)
      : length_(length) {
    spec_.task.name = "toy/counter";
    spec_.task.domain = "toy";
    data::Field state = make_field("observation", data::Role::continuous,
                                   data::DType::float64, {3});
    state.low.assign(3, -1000);
    state.high.assign(3, 1000);
    spec_.task.observation_fields = {state};
    data::Field action =
        make_field("action", data::Role::discrete, data::DType::int64, {});
    if (is_continuous) {
      action = make_field("action", data::Role::continuous,
                          data::DType::float32, {2});
      action.low = {-1, 0};
      action.high = {1, 4};
    } else {
      action.n = {4};
      action.start = {0};
    }
    spec_.task.action_fields = {action};
    spec_.has_expert = true;
  }

  const env::EnvironmentSpec& spec() const override { return spec_; }
  env::EnvironmentSpec& mutable_spec() { return spec_; }

  data::FieldValues reset(uint64_t seed) override {
    ++reset_count;
    seed_ = static_cast<double>(seed % 1000);
    step_count_ = 0;
    last_action_ = 0;
    return observe();
  }

  env::StepResult step(const data::FieldValues& action) override {
    ++step_count_;
    last_action_ = std::get<data::Array>(action[0]).as_double(0);
    env::StepResult result{
        observe(), last_action_, step_count_ == length_, false, {}};
    result.info["success"] = step_count_ == length_ && last_action_ == 3;
    if (on_step) {
      on_step(*this, result);
    }
    return result;
  }

  data::FieldValues expert_action() override {
    const data::Field& field = spec_.task.action_fields[0];
    data::Array action = data::Array::zeros(field.dtype, field.shape);
    for (int64_t i = 0; i < action.size(); ++i) {
      action.set(i,
                 field.n.empty() ? 0.25 : static_cast<double>(step_count_ % 4));
    }
    return {action};
  }

  data::Image render() override { return {}; }

  int64_t step_count() const { return step_count_; }
  double seed() const { return seed_; }
  int64_t reset_count = 0;
  // Changes the result of a step, or throws.
  std::function<void(ToyEnvironment&, env::StepResult&)> on_step;

 private:
  data::FieldValues observe() const {
    data::Array state = data::Array::zeros(data::DType::float64, {3});
    state.set(0, seed_);
    state.set(1, static_cast<double>(step_count_));
    state.set(2, last_action_);
    return {state};
  }

  env::EnvironmentSpec spec_;
  int64_t length_, step_count_ = 0;
  double seed_ = 0, last_action_ = 0;
};

}  // namespace gato::rollout
