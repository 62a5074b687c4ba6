// control/mountain-car
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "gato/env/control/control_environment.h"
#include "gato/env/control/control_tasks.h"

#ifdef GATO_TUNE
extern thread_local double P[64];
#define K(i, v) P[i]
#else
#define K(i, v) (v)
#endif
namespace gato::env {
namespace {

constexpr double kTimeStep = 0.1;
constexpr int kSubsteps = 2, kMaxEpisodeSteps = 150;
constexpr double kLeftWall = -1.2, kGoal = 0.5, kMaxSpeed = 4;

class MountainCar : public ControlEnvironment {
 public:
  explicit MountainCar(const ControlVariant& variant)
      : ControlEnvironment(
            variant,
            {.observation_low = {kLeftWall, -kMaxSpeed},
             .observation_high = {kGoal+1, kMaxSpeed},
             .max_episode_steps = kMaxEpisodeSteps,
             .view = {.center = {(kLeftWall + kGoal) / 2, 0}, .height = 1}}) {
    add_parameter("mass", mass_);
    add_parameter("gravity", gravity_);
    add_parameter("max_force", max_force_);
  }

 private:
  void begin_episode(base::RandomStream& random) override {
    position_ = random.uniform(-0.7, -0.3);
    velocity_ = random.uniform(-.2, .2);
  }

  data::Array observe_state() const override {
    return box_value({position_, velocity_});
  }

  Transition apply_action(const BuiltinAction& action) override {
    constexpr double kSubstep = kTimeStep / kSubsteps;
    for (int i = 0; i < kSubsteps; ++i) {
      velocity_ += kSubstep * (max_force_ / mass_ * action.continuous[0] -
                               gravity_ * std::cos(3 * position_));
      velocity_ = std::clamp(velocity_, -kMaxSpeed, kMaxSpeed);
      position_ += kSubstep * velocity_;
      if (position_ < kLeftWall) {
        position_ = kLeftWall;
        velocity_ = 0;
      }
      if (position_ >= kGoal) {
        break;
      }
    }
    Transition transition;
    transition.terminated = position_ >= kGoal;
    if (transition.terminated) {
      transition.reward =
          1 - 0.9 * static_cast<double>(elapsed_steps() + 1) / kMaxEpisodeSteps;
    }
    transition.info["success"] = transition.terminated ? 1 : 0;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    const double climb =
        gravity_ / 3 * (std::sin(3 * kGoal) - std::sin(3 * position_)) -
        max_force_ / mass_ * (kGoal - position_);
    const double enough = velocity_ - std::sqrt(std::max(2 * climb, 0.0));
    const double swing = K(1, -0.42) - position_ + K(2, 1.2) * velocity_;
    return {.continuous = {std::clamp(K(0, 8.0) * std::max(enough, swing), -1.0, 1.0)}};
  }

  void draw(WorldCanvas& canvas) const override {
    canvas.fill_disc({position_, std::sin(3*position_)/3}, 0.07, {200, 80, 40});
  }

  double mass_ = 1, gravity_ = 1.5625, max_force_ = 0.625;
  double position_, velocity_;
};

}  // namespace

std::unique_ptr<Environment> make_mountain_car(const ControlVariant& variant) {
  return std::make_unique<MountainCar>(variant);
}

}  // namespace gato::env
