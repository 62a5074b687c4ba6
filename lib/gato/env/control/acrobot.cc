// control/acrobot: swing up two links, hanging from a bar, by bending them.
//
// Dynamics: rod_chain.h, with two rods of 1 kg and 1 m that hang from a fixed
// pivot. Only the joint between them has a motor. Its torque, 5 N m times the
// action, is constant during a step of 0.1 s (5 substeps). Both joints have a
// damping of 0.05 N m s. Both rods start within 0.5 rad of hanging, with at
// most 0.5 rad/s. As in the task of Sutton (1996), an episode ends when the tip
// is above a line, here at half of the links' length above the pivot; it is
// truncated after 150 steps (15 s). Parameters that vary: upper_mass,
// lower_mass, upper_length, lower_length, max_torque.
//
// Observation, float64 [6]: cos(angle), sin(angle), cos(bend), sin(bend),
// angle', bend', with the upper link's angle measured from upright and the bend
// being the lower link's angle minus it.
// Action, float64 [1]: the torque divided by the largest one, in [-1, 1].
// Reward: 1 - 0.9 t/150 above the line, where t is the step, otherwise 0.
// "success" in the info is 1 above the line.
//
// Expert: clipped feedback of the sines of angle and bend and of both
// velocities, with gains linear in cos(angle), which were found by an evolution
// strategy. It needs about 40 steps; the optimum is not known. With the largest
// variation of physics it fails in 5 % of the episodes.
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
            variant, {.observation_low = std::vector<double>(6, -kMaxSpeed * 2),
                      .observation_high = std::vector<double>(6, kMaxSpeed * 2),
                      .max_episode_steps = kMaxEpisodeSteps,
                      .view = {.center = {0, 0}, .height = 4.4}}) {
    add_parameter("upper_mass", physics_.mass[0]);
    add_parameter("lower_mass", physics_.mass[1]);
    add_parameter("upper_length", physics_.length[0]);
    add_parameter("lower_length", physics_.length[1]);
    add_parameter("max_torque", max_torque_);
  }

 private:
  using Chain = RodChain<2, false>;

  void begin_episode(base::RandomStream& random) override {
    chain_ = Chain(physics_);
    state_.position = {std::numbers::pi + random.uniform(-.5, .5),
                       std::numbers::pi + random.uniform(-.5, .5)};
    state_.velocity = {random.uniform(-.5, .5), random.uniform(-.5, .5)};
  }

  data::Array observe_state() const override {
    const double bend = state_.position[1] - state_.position[0];
    return box_value({std::cos(state_.position[0]),
                      std::sin(state_.position[0]), std::cos(bend),
                      std::sin(bend), state_.velocity[0],
                      state_.velocity[1] - state_.velocity[0]});
  }

  void advance(Chain::State& s, double action) const {
    chain_.step(s, {0, max_torque_ * action}, kTimeStep, kSubsteps, kMaxSpeed);
  }

  Transition apply_action(const BuiltinAction& action) override {
    advance(state_, action.continuous[0]);
    Transition transition;
    transition.terminated =
        tip().y > .5 * (physics_.length[0] + physics_.length[1]);
    if (transition.terminated) {
      transition.reward =
          1 - 0.9 * static_cast<double>(elapsed_steps() + 1) / kMaxEpisodeSteps;
    }
    transition.info["success"] = transition.terminated ? 1 : 0;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    const double q0 = state_.position[0], bend = state_.position[1] - q0,
                 bend_velocity = state_.velocity[1] - state_.velocity[0];
    const double z =
        .3 * std::sqrt((physics_.length[0] + physics_.length[1]) / 2);
    const double c = std::cos(q0);
    const double sum = (5.2 + -4.5 * c) * std::sin(q0) +
                       (-6 + 9 * c) * z * state_.velocity[0] +
                       -3.3 * std::sin(bend) + 1.2 * c * z * bend_velocity;
    return {.continuous = {std::clamp(sum, -1., 1.)}};
  }

  PlanePoint elbow() const {
    return {physics_.length[0] * std::sin(state_.position[0]),
            physics_.length[0] * std::cos(state_.position[0])};
  }
  PlanePoint tip() const {
    const PlanePoint e = elbow();
    return {e.x + physics_.length[1] * std::sin(state_.position[1]),
            e.y + physics_.length[1] * std::cos(state_.position[1])};
  }

  void draw(WorldCanvas& canvas) const override {
    canvas.fill_box({0, .5 * (physics_.length[0] + physics_.length[1])}, 4.4,
                    .04, {60, 170, 90});
    canvas.fill_rod({0, 0}, elbow(), 0.2, {40, 60, 120});
    canvas.fill_rod(elbow(), tip(), 0.16, {200, 80, 40});
  }

  Chain::Parameters physics_ = {
      .mass = {1, 1}, .length = {1, 1}, .joint_damping = {.05, .05}};
  double max_torque_ = 5;
  Chain chain_{physics_};
  Chain::State state_;
};

}  // namespace

std::unique_ptr<Environment> make_acrobot(const ControlVariant& variant) {
  return std::make_unique<Acrobot>(variant);
}

}  // namespace gato::env
