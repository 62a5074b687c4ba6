// control/point-mass: push a mass to the middle of a table and stop it there.
//
// Dynamics: along each axis mass * v' = force - damping * v, with a mass of
// 1 kg, a damping of 0.5 N s/m and a force of 2 N times the action, which is
// constant during a step of 0.1 s (4 semi-implicit Euler steps). Walls 1.2 m
// from the middle stop the mass dead. It starts at rest, at most 1 m from the
// middle along each axis and at least 0.4 m along one of them. An episode has
// 60 steps (6 s). Parameters that vary: mass, damping, max_force.
//
// Observation, float64 [4]: x, y, x', y' (m, m/s). Pixels: 48 x 48.
// Action, float64 [2]: the force divided by max_force, elements in [-1, 1].
// Reward, in [0, 1], as in point_mass of the DeepMind Control Suite (Tassa et
// al. 2018): the product of
//   near            1 within 0.1 m of the middle, else 0.1^((distance / 0.1 m -
//                   1)^2)
//   small_control   (4 + mean over the elements of 1 - action^2) / 5
// `success` in info is 1 while the mass is within 0.1 m of the middle.
//
// Expert: linear feedback, clipped. Hill climbing over its actions (5,000
// trials for each of 20 starts) raises its return from 51.3 to 51.5.
#include <algorithm>
#include <cmath>

#include "gato/env/control/control_environment.h"
#include "gato/env/control/control_tasks.h"
#include "gato/env/control/tolerance.h"

namespace gato::env {
namespace {

constexpr double kTimeStep = 0.1, kWall = 1.2, kTargetRadius = 0.1;
constexpr int kSubsteps = 4, kMaxEpisodeSteps = 60;

class PointMass : public ControlEnvironment {
 public:
  explicit PointMass(const ControlVariant& variant)
      : ControlEnvironment(
            variant,
            {.observation_low = {-kWall, -kWall, -kUnbounded, -kUnbounded},
             .observation_high = {kWall, kWall, kUnbounded, kUnbounded},
             .action_size = 2,
             .max_episode_steps = kMaxEpisodeSteps,
             .view = {.center = {0, 0}, .height = 2.5}}) {
    add_parameter("mass", mass_);
    add_parameter("damping", damping_);
    add_parameter("max_force", max_force_);
  }

 private:
  void begin_episode(base::RandomStream& random) override {
    velocity_ = {};
    do {
      position_.x = random.uniform(-1, 1);
      position_.y = random.uniform(-1, 1);
    } while (std::max(std::abs(position_.x), std::abs(position_.y)) < 0.4);
  }

  data::Array observe_state() const override {
    return box_value({position_.x, position_.y, velocity_.x, velocity_.y});
  }

  Transition apply_action(const BuiltinAction& action) override {
    const double push_x = action.continuous[0], push_y = action.continuous[1];
    for (int i = 0; i < kSubsteps; ++i) {
      integrate(position_.x, velocity_.x, max_force_ * push_x);
      integrate(position_.y, velocity_.y, max_force_ * push_y);
    }
    const double distance = std::hypot(position_.x, position_.y);
    const double small_control =
        (5 - (push_x * push_x + push_y * push_y) / 2) / 5;
    Transition transition;
    transition.reward =
        gaussian_tolerance(distance, 0, kTargetRadius, kTargetRadius) *
        small_control;
    transition.info["success"] = distance < kTargetRadius ? 1 : 0;
    return transition;
  }

  void integrate(double& position, double& velocity, double force) const {
    constexpr double kSubstep = kTimeStep / kSubsteps;
    velocity += kSubstep * (force - damping_ * velocity) / mass_;
    position += kSubstep * velocity;
    if (std::abs(position) > kWall) {
      position = std::copysign(kWall, position);
      velocity = 0;
    }
  }

  BuiltinAction compute_expert_action() override {
    const auto push = [](double position, double velocity) {
      return std::clamp(-6.5 * position - 2.2 * velocity, -1.0, 1.0);
    };
    return {.continuous = {push(position_.x, velocity_.x),
                           push(position_.y, velocity_.y)}};
  }

  void draw(WorldCanvas& canvas) const override {
    canvas.fill_box({0, 0}, 2 * kWall, 2 * kWall, {225, 225, 225});
    canvas.fill_disc({0, 0}, kTargetRadius, {60, 170, 90});
    canvas.fill_disc(position_, 0.08, {200, 80, 40});
  }

  double mass_ = 1, damping_ = 0.5, max_force_ = 2;
  PlanePoint position_, velocity_;
};

}  // namespace

std::unique_ptr<Environment> make_point_mass(const ControlVariant& variant) {
  return std::make_unique<PointMass>(variant);
}

}  // namespace gato::env
