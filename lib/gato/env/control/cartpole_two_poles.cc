// control/cartpole-two-poles: a cart on a rail balances two poles, one on top
// of the other.
//
// Dynamics: rod_chain.h with a cart of 1 kg and two poles of 0.1 kg and 1 m,
// without friction. The force on the cart, 15 N times the action, is constant
// during a step of 0.04 s (2 Runge-Kutta steps). The poles start within 0.08
// rad of upright and the cart within 0.3 m of the middle, all of them with
// velocities of at most 0.08 rad/s or 0.1 m/s. An episode ends when a pole is
// more than 0.6 rad from upright or the cart more than 2 m from the middle, and
// is truncated after 200 steps (8 s). Parameters that vary: cart_mass,
// lower_mass, upper_mass, lower_length, upper_length, max_force.
//
// Observation, float64 [6]: x, the angles of the lower and the upper pole from
// upright, and the derivatives of these three.
// Action, float64 [1]: the force divided by max_force, in [-1, 1].
// Reward, in [0, 1], as in cartpole of the DeepMind Control Suite (Tassa et al.
// 2018): the product of
//   upright          the mean over the poles of (1 + cos(angle)) / 2
//   centered         (1 + 0.1^((x / 2)^2)) / 2
//   small_control    (4 + 1 - action^2) / 5
//   small_velocity   (1 + 0.1^((w / 5)^2)) / 2, with the larger of both angle'
//
// Expert: a linear-quadratic regulator for the parameters of the episode, which
// it knows if they vary. Its return is 198.7 of 200, which hill climbing over
// its actions (5,000 trials for each of 20 starts) raises to 199.0; with
// parameters that vary by up to 40%, from 189 to 191.
#include <algorithm>
#include <cmath>
#include <optional>

#include "gato/env/control/control_environment.h"
#include "gato/env/control/control_tasks.h"
#include "gato/env/control/linear_quadratic_regulator.h"
#include "gato/env/control/rod_chain.h"
#include "gato/env/control/tolerance.h"

namespace gato::env {
namespace {

constexpr double kTimeStep = 0.04, kMaxSpeed = 30;
constexpr double kRailHalfLength = 2, kMaxAngle = 0.6;
constexpr int kSubsteps = 2, kMaxEpisodeSteps = 200;

class CartpoleTwoPoles : public ControlEnvironment {
 public:
  explicit CartpoleTwoPoles(const ControlVariant& variant)
      : ControlEnvironment(
            variant, {.observation_low = std::vector<double>(6, -kUnbounded),
                      .observation_high = std::vector<double>(6, kUnbounded),
                      .max_episode_steps = kMaxEpisodeSteps,
                      .view = {.center = {0, 0.9}, .height = 2.4},
                      .render_height = 160,
                      .render_width = 320,
                      .pixels_height = 32,
                      .pixels_width = 64}) {
    add_parameter("cart_mass", physics_.cart_mass);
    add_parameter("lower_mass", physics_.mass[0]);
    add_parameter("upper_mass", physics_.mass[1]);
    add_parameter("lower_length", physics_.length[0]);
    add_parameter("upper_length", physics_.length[1]);
    add_parameter("max_force", max_force_);
  }

 private:
  using Chain = RodChain<2, true>;

  void begin_episode(base::RandomStream& random) override {
    chain_ = Chain(physics_);
    state_.position[0] = random.uniform(-0.3, 0.3);
    state_.velocity[0] = random.uniform(-0.1, 0.1);
    for (int pole = 1; pole <= 2; ++pole) {
      state_.position[pole] = random.uniform(-0.08, 0.08);
      state_.velocity[pole] = random.uniform(-0.08, 0.08);
    }
    gains_.reset();
  }

  // The state as x, the angles and the derivatives of these.
  static std::array<double, 6> to_array(const Chain::State& state) {
    const auto& [position, velocity] = state;
    return {position[0], position[1], position[2],
            velocity[0], velocity[1], velocity[2]};
  }

  data::Array observe_state() const override {
    return box_value(to_array(state_));
  }

  void simulate(Chain::State& state, double action) const {
    chain_.step(state, {max_force_ * action, 0, 0}, kTimeStep, kSubsteps,
                kMaxSpeed);
  }

  Transition apply_action(const BuiltinAction& action) override {
    simulate(state_, action.continuous[0]);
    const auto& [position, velocity] = state_;
    const double upright =
        (2 + std::cos(position[1]) + std::cos(position[2])) / 4;
    const double centered = gaussian_tolerance(position[0], 0, 0, 2);
    const double small_control =
        quadratic_tolerance(action.continuous[0], 0, 0, 1);
    const double small_velocity = gaussian_tolerance(
        std::max(std::abs(velocity[1]), std::abs(velocity[2])), 0, 0, 5);
    Transition transition;
    transition.reward = upright * (1 + centered) / 2 * (4 + small_control) / 5 *
                        (1 + small_velocity) / 2;
    transition.terminated = std::abs(position[0]) > kRailHalfLength ||
                            std::abs(position[1]) > kMaxAngle ||
                            std::abs(position[2]) > kMaxAngle;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    if (!gains_) {
      const auto step = [this](const std::array<double, 6>& from,
                               double action) {
        Chain::State state = {.position = {from[0], from[1], from[2]},
                              .velocity = {from[3], from[4], from[5]}};
        simulate(state, action);
        return to_array(state);
      };
      gains_ =
          regulator_gains<6>(linearize<6>(step), {1, 5, 5, 0.3, 0.3, 0.3}, 10);
    }
    const std::array<double, 6> state = to_array(state_);
    double action = 0;
    for (size_t i = 0; i < state.size(); ++i) {
      action += (*gains_)[i] * state[i];
    }
    return {.continuous = {std::clamp(action, -1.0, 1.0)}};
  }

  void draw(WorldCanvas& canvas) const override {
    const PlanePoint hinge = {state_.position[0], 0};
    const PlanePoint joint =
        rod_end(hinge, physics_.length[0], state_.position[1]);
    canvas.fill_box({0, 0}, 2 * kRailHalfLength, 0.04, {150, 150, 150});
    canvas.fill_box(hinge, 0.4, 0.22, {40, 60, 120});
    canvas.fill_rod(hinge, joint, 0.1, {200, 80, 40});
    canvas.fill_rod(joint,
                    rod_end(joint, physics_.length[1], state_.position[2]), 0.1,
                    {235, 165, 50});
  }

  Chain::Parameters physics_ = {
      .cart_mass = 1, .mass = {0.1, 0.1}, .length = {1, 1}};
  double max_force_ = 15;
  Chain chain_{physics_};
  Chain::State state_;
  std::optional<std::array<double, 6>> gains_;  // of this episode
};

}  // namespace

std::unique_ptr<Environment> make_cartpole_two_poles(
    const ControlVariant& variant) {
  return std::make_unique<CartpoleTwoPoles>(variant);
}

}  // namespace gato::env
