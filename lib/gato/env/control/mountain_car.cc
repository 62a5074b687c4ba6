// control/mountain-car: rock a car out of a valley that is too steep for its
// motor.
//
// Dynamics: those of Moore (1990) in the form of Sutton & Barto (2018, example
// 10.1), with their unit of time being 0.04 s:
//   velocity' = max_force / mass * action - gravity * cos(3 position)
// with max_force = 0.625 N, mass = 1 kg, gravity = 1.5625 m/s^2. The action is
// constant during a step of 0.1 s (2 semi-implicit Euler steps). A wall at -1.2
// m stops the car dead. It starts between -0.7 and -0.3 m, near the bottom,
// with at most 0.2 m/s. An episode ends at 0.5 m, the top of the right hill,
// and is truncated after 150 steps (15 s). Parameters that vary: mass, gravity,
// max_force.
//
// Observation, float64 [2]: position and velocity (m, m/s). Pixels: 32 x 64.
// Action, float64 [1]: the force divided by max_force, in [-1, 1].
// Reward: 1 - 0.9 t/150 at the top, where t is the step, otherwise 0. `success`
// in info is 1 at the top.
//
// Expert: drives right if that leads to the top, or if the car is far enough to
// the left; otherwise left. If the parameters vary, it knows them. Its mean
// return is 0.752; that of the optimum, found by value iteration on a grid of
// 301 x 301 states, is 0.775.
#include <algorithm>
#include <cmath>

#include "gato/env/control/control_environment.h"
#include "gato/env/control/control_tasks.h"

namespace gato::env {
namespace {

constexpr double kTimeStep = 0.1, kWall = -1.2, kTop = 0.5, kMaxSpeed = 4;
constexpr int kSubsteps = 2, kMaxEpisodeSteps = 150;

// Returns the height of the ground in images; its slope is that of the
// dynamics.
double ground(double position) { return std::sin(3 * position) / 3; }

class MountainCar : public ControlEnvironment {
 public:
  explicit MountainCar(const ControlVariant& variant)
      : ControlEnvironment(variant,
                           {.observation_low = {kWall, -kMaxSpeed},
                            .observation_high = {kUnbounded, kMaxSpeed},
                            .max_episode_steps = kMaxEpisodeSteps,
                            .view = {.center = {-0.35, 0.05}, .height = 0.98},
                            .render_height = 160,
                            .render_width = 320,
                            .pixels_height = 32,
                            .pixels_width = 64}) {
    add_parameter("mass", mass_);
    add_parameter("gravity", gravity_);
    add_parameter("max_force", max_force_);
  }

 private:
  void begin_episode(base::RandomStream& random) override {
    position_ = random.uniform(-0.7, -0.3);
    velocity_ = random.uniform(-0.2, 0.2);
  }

  data::Array observe_state() const override {
    return box_value({position_, velocity_});
  }

  Transition apply_action(const BuiltinAction& action) override {
    for (int i = 0; i < kSubsteps && position_ < kTop; ++i) {
      integrate(max_force_ / mass_ * action.continuous[0]);
    }
    Transition transition;
    transition.terminated = position_ >= kTop;
    if (transition.terminated) {
      transition.reward =
          1 - 0.9 * static_cast<double>(elapsed_steps() + 1) / kMaxEpisodeSteps;
    }
    transition.info["success"] = transition.terminated ? 1 : 0;
    return transition;
  }

  void integrate(double push) {
    constexpr double kSubstep = kTimeStep / kSubsteps;
    velocity_ += kSubstep * (push - gravity_ * std::cos(3 * position_));
    velocity_ = std::clamp(velocity_, -kMaxSpeed, kMaxSpeed);
    position_ += kSubstep * velocity_;
    if (position_ < kWall) {
      position_ = kWall;
      velocity_ = 0;
    }
  }

  BuiltinAction compute_expert_action() override {
    // Energy per mass that the car lacks to reach the top with full force.
    const double lacking = gravity_ * (ground(kTop) - ground(position_)) -
                           max_force_ / mass_ * (kTop - position_);
    const double excess_speed =
        velocity_ - std::sqrt(std::max(2 * lacking, 0.0));
    const double far_left = -0.45 - position_ + 1.5 * velocity_;
    return {.continuous = {
                std::clamp(15 * std::max(excess_speed, far_left), -1.0, 1.0)}};
  }

  void draw(WorldCanvas& canvas) const override {
    constexpr int kSegments = 16;
    constexpr double kLeft = -1.3, kRight = 0.6;
    for (int i = 0; i < kSegments; ++i) {
      const double from = kLeft + (kRight - kLeft) * i / kSegments;
      const double to = kLeft + (kRight - kLeft) * (i + 1) / kSegments;
      canvas.fill_rod({from, ground(from) - 0.06}, {to, ground(to) - 0.06},
                      0.03, {150, 150, 150});
    }
    canvas.fill_rod({kTop, ground(kTop)}, {kTop, ground(kTop) + 0.18}, 0.03,
                    {60, 170, 90});
    canvas.fill_disc({position_, ground(position_)}, 0.06, {200, 80, 40});
  }

  double mass_ = 1, gravity_ = 1.5625, max_force_ = 0.625;
  double position_ = 0, velocity_ = 0;
};

}  // namespace

std::unique_ptr<Environment> make_mountain_car(const ControlVariant& variant) {
  return std::make_unique<MountainCar>(variant);
}

}  // namespace gato::env
