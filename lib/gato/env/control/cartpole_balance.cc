// control/cartpole-balance: a cart on a rail keeps its pole upright.
//
// The pole starts within 0.2 rad of upright and the cart within 0.5 m of the
// middle, with both velocities near zero. An episode ends when the pole is more
// than 0.6 rad from upright or the cart more than 1.6 m from the middle, and is
// truncated after 200 steps (8 s). Physics, observation, action and parameters:
// cart_pole.h.
//
// Reward, in [0, 1], as in the DeepMind Control Suite (Tassa et al. 2018): the
// product of
//   upright          (1 + cos(angle)) / 2
//   centered         (1 + 0.1^((x / 2)^2)) / 2
//   small_control    (4 + 1 - action^2) / 5
//   small_velocity   (1 + 0.1^((angle' / 5)^2)) / 2
//
// Expert: a linear-quadratic regulator for the parameters of the episode, which
// it knows if they vary. Its return is 198.8 of 200, which hill climbing over
// its actions (5,000 trials for each of 20 starts) does not raise by 0.1.
#include <algorithm>
#include <cmath>

#include "gato/env/control/cart_pole.h"
#include "gato/env/control/control_tasks.h"
#include "gato/env/control/tolerance.h"

namespace gato::env {
namespace {

class CartpoleBalance : public CartPoleEnvironment {
 public:
  explicit CartpoleBalance(const ControlVariant& variant)
      : CartPoleEnvironment(variant, kMaxEpisodeSteps,
                            {.center = {0, 0.6}, .height = 1.7}) {}

 private:
  void begin_pole_episode(base::RandomStream& random) override {
    state_.x = random.uniform(-0.5, 0.5);
    state_.angle = random.uniform(-0.2, 0.2);
    state_.velocity = random.uniform(-0.2, 0.2);
    state_.angular_velocity = random.uniform(-0.2, 0.2);
  }

  Transition apply_action(const BuiltinAction& action) override {
    step_cart_pole(state_, action.continuous[0], parameters_);
    const double upright = (1 + std::cos(state_.angle)) / 2;
    const double centered = gaussian_tolerance(state_.x, 0, 0, 2);
    const double small_control =
        quadratic_tolerance(action.continuous[0], 0, 0, 1);
    const double small_velocity =
        gaussian_tolerance(state_.angular_velocity, 0, 0, 5);
    Transition transition;
    transition.reward = upright * (1 + centered) / 2 * (4 + small_control) / 5 *
                        (1 + small_velocity) / 2;
    transition.terminated =
        std::abs(state_.angle) > 0.6 || std::abs(state_.x) > 1.6;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    const std::array<double, 4>& gains = balance_gains();
    const double action = gains[0] * state_.x + gains[1] * state_.angle +
                          gains[2] * state_.velocity +
                          gains[3] * state_.angular_velocity;
    return {.continuous = {std::clamp(action, -1.0, 1.0)}};
  }

  static constexpr int kMaxEpisodeSteps = 200;
};

}  // namespace

std::unique_ptr<Environment> make_cartpole_balance(
    const ControlVariant& variant) {
  return std::make_unique<CartpoleBalance>(variant);
}

}  // namespace gato::env
