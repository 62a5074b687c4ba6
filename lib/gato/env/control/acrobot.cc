// control/acrobot: swing up two links, hanging from a bar, by bending them.
//
// Dynamics: rod_chain.h, with two rods of 1 kg and 1 m that hang from a fixed
// pivot. Only the joint between them has a motor. Its torque, 9 N m times the
// action, is constant during a step of 0.1 s (5 Runge-Kutta steps). The joints
// have dampings of 0.1 and 0.3 N m s. Both rods start within 0.5 rad of
// hanging, with at most 0.5 rad/s. As in the task of Sutton (1996), an episode
// ends when the tip is above a line, here at half of the links' length above
// the pivot; it is truncated after 150 steps (15 s). Parameters that vary:
// upper_mass, lower_mass, upper_length, lower_length, max_torque.
//
// Observation, float64 [6]: cos(angle), sin(angle), cos(bend), sin(bend),
// angle', bend', with the upper link's angle measured from upright and the bend
// being the lower link's angle minus it. Pixels: 48 x 48.
// Action, float64 [1]: the torque divided by max_torque, in [-1, 1].
// Reward: 1 - 0.9 t/150 above the line, where t is the step, otherwise 0.
// `success` in info is 1 above the line.
//
// Expert: feedback, linear in sin(angle), sin(bend), angle' and bend', clipped.
// If the parameters vary, it knows the unit of time. Hill climbing over its
// actions (5,000 trials for each of 20 starts) raises its return from 0.82 to
// 0.90; with parameters that vary by up to 40%, from 0.73 to 0.87 (3,000 trials
// for each of 100 starts).
#include <algorithm>
#include <cmath>
#include <numbers>

#include "gato/env/control/control_environment.h"
#include "gato/env/control/control_tasks.h"
#include "gato/env/control/rod_chain.h"

namespace gato::env {
namespace {

constexpr double kTimeStep = 0.1, kMaxSpeed = 30;
constexpr int kSubsteps = 5, kMaxEpisodeSteps = 150;

class Acrobot : public ControlEnvironment {
 public:
  explicit Acrobot(const ControlVariant& variant)
      : ControlEnvironment(
            variant,
            {.observation_low = {-1, -1, -1, -1, -kUnbounded, -kUnbounded},
             .observation_high = {1, 1, 1, 1, kUnbounded, kUnbounded},
             .max_episode_steps = kMaxEpisodeSteps,
             .view = {.center = {0, -0.3}, .height = 3.9}}) {
    add_parameter("upper_mass", links_.mass[0]);
    add_parameter("lower_mass", links_.mass[1]);
    add_parameter("upper_length", links_.length[0]);
    add_parameter("lower_length", links_.length[1]);
    add_parameter("max_torque", max_torque_);
  }

 private:
  using Chain = RodChain<2, false>;

  void begin_episode(base::RandomStream& random) override {
    chain_ = Chain(links_);
    for (double& angle : state_.position) {
      angle = std::numbers::pi + random.uniform(-0.5, 0.5);
    }
    for (double& velocity : state_.velocity) {
      velocity = random.uniform(-0.5, 0.5);
    }
  }

  double angle() const { return state_.position[0]; }
  double bend() const { return state_.position[1] - state_.position[0]; }
  double bend_velocity() const {
    return state_.velocity[1] - state_.velocity[0];
  }
  PlanePoint elbow() const {
    return rod_end({0, 0}, links_.length[0], angle());
  }
  PlanePoint tip() const {
    return rod_end(elbow(), links_.length[1], state_.position[1]);
  }
  double line_height() const {
    return (links_.length[0] + links_.length[1]) / 2;
  }

  data::Array observe_state() const override {
    return box_value({std::cos(angle()), std::sin(angle()), std::cos(bend()),
                      std::sin(bend()), state_.velocity[0], bend_velocity()});
  }

  Transition apply_action(const BuiltinAction& action) override {
    chain_.step(state_, {0, max_torque_ * action.continuous[0]}, kTimeStep,
                kSubsteps, kMaxSpeed);
    Transition transition;
    transition.terminated = tip().y > line_height();
    if (transition.terminated) {
      transition.reward =
          1 - 0.9 * static_cast<double>(elapsed_steps() + 1) / kMaxEpisodeSteps;
    }
    transition.info["success"] = transition.terminated ? 1 : 0;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    // Periods grow with the square root of lengths, which are 1 m on average.
    const double time_unit = std::sqrt(line_height());
    const double action =
        4.7 * std::sin(angle()) - 3.6 * std::sin(bend()) -
        time_unit * (1.6 * state_.velocity[0] - 0.04 * bend_velocity());
    return {.continuous = {std::clamp(action, -1.0, 1.0)}};
  }

  void draw(WorldCanvas& canvas) const override {
    canvas.fill_box({0, line_height()}, 6, 0.06, {60, 170, 90});
    canvas.fill_rod({0, 0}, elbow(), 0.2, {40, 60, 120});
    canvas.fill_rod(elbow(), tip(), 0.2, {200, 80, 40});
  }

  Chain::Parameters links_ = {
      .mass = {1, 1}, .length = {1, 1}, .joint_damping = {0.1, 0.3}};
  double max_torque_ = 9;
  Chain chain_{links_};
  Chain::State state_;
};

}  // namespace

std::unique_ptr<Environment> make_acrobot(const ControlVariant& variant) {
  return std::make_unique<Acrobot>(variant);
}

}  // namespace gato::env
