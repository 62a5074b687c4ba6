// control/cartpole-swingup, control/cartpole-swingup-sparse: a cart on a rail
// swings a hanging pole up and balances it.
//
// The pole starts within 0.5 rad of hanging, with both velocities near zero. An
// episode is truncated after 250 steps (10 s). Physics, observation, action and
// parameters: cart_pole.h.
//
// Reward, in [0, 1], as in the DeepMind Control Suite (Tassa et al. 2018) but
// without its control cost: the product of
//   upright          (1 + cos(angle)) / 2
//   centered         (1 + 0.1^((x / 2)^2)) / 2
//   small_velocity   (1 + 0.1^((angle' / 5)^2)) / 2
// The sparse task pays 1 while |x| < 0.25 m and cos(angle) > 0.995, otherwise
// 0, and `success` in its info is that reward.
//
// Expert: pumps energy into the pole until it is near upright, then balances it
// by linear feedback. The two controllers are blended from cos(angle) = 0.5 on
// or shortly before, so the action is a smooth function of the observation
// alone. If the parameters vary, it knows them. Hill climbing over its actions
// (5,000 trials for each of 20 starts) raises its return from 215 to 222 and
// that of the sparse task from 193 to 210; with parameters that vary by up to
// 40%, from 209 to 220 and from 179 to 204.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "gato/env/control/cart_pole.h"
#include "gato/env/control/control_tasks.h"

namespace gato::env {
namespace {

// Constants of the expert.
struct SwingupController {
  double pump, center, slow_down;    // gains of energy, x and x'
  double blend_cosine, blend_range;  // where balancing begins
};
// The constants of control/cartpole-swingup, with rounded gains of a regulator
// for its physics.
constexpr SwingupController kFirstController = {3, 0.3, 0.2, 0.5, 0.4};
constexpr std::array kFirstGains = {0.25, 3.74, 0.39, 0.94};
// Tuned for the mean return of the other tasks, with and without noise.
constexpr SwingupController kTunedController = {5, 0.37, 0.28, 0.46, 0.34};

class CartpoleSwingup : public CartPoleEnvironment {
 public:
  CartpoleSwingup(const ControlVariant& variant, bool is_sparse)
      : CartPoleEnvironment(variant, kMaxEpisodeSteps,
                            {.center = {0, 0}, .height = 2.3}),
        is_sparse_(is_sparse) {}

 private:
  void begin_pole_episode(base::RandomStream& random) override {
    state_.x = random.uniform(-0.5, 0.5);
    state_.angle = std::numbers::pi + random.uniform(-0.5, 0.5);
    state_.velocity = random.uniform(-0.2, 0.2);
    state_.angular_velocity = random.uniform(-0.5, 0.5);
  }

  Transition apply_action(const BuiltinAction& action) override {
    step_cart_pole(state_, action.continuous[0], parameters_);
    Transition transition;
    if (is_sparse_) {
      transition.reward =
          std::abs(state_.x) < 0.25 && std::cos(state_.angle) > 0.995 ? 1 : 0;
      transition.info["success"] = transition.reward;
      return transition;
    }
    const double upright = (1 + std::cos(state_.angle)) / 2;
    const double centered = std::pow(0.1, state_.x * state_.x / 4);
    const double small_velocity =
        std::pow(0.1, state_.angular_velocity * state_.angular_velocity / 25);
    transition.reward = upright * (1 + centered) / 2 * (1 + small_velocity) / 2;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    const double x = state_.x, velocity = state_.velocity,
                 angular_velocity = state_.angular_velocity;
    const double sine = std::sin(state_.angle), cosine = std::cos(state_.angle);
    const double pendulum_length = 4.0 / 3 * parameters_.pole_half_length;
    // Energy of the pole divided by its range: 0 upright and at rest, -1
    // hanging and at rest.
    const double energy = angular_velocity * angular_velocity *
                              pendulum_length / (4 * parameters_.gravity) +
                          (cosine - 1) / 2;
    const bool is_first = !is_sparse_ && has_nominal_physics();
    const SwingupController& controller =
        is_first ? kFirstController : kTunedController;
    const double pump =
        std::tanh(controller.pump * energy * angular_velocity * cosine) -
        controller.center * x - controller.slow_down * velocity;
    const std::array<double, 4>& gains =
        is_first ? kFirstGains : balance_gains();
    const double balance = gains[0] * x + gains[1] * std::atan2(sine, cosine) +
                           gains[2] * velocity + gains[3] * angular_velocity;
    // Smoothstep from 0 to 1 over the range in which the controllers are mixed.
    const double nearness = std::clamp(
        (cosine - controller.blend_cosine) / controller.blend_range, 0.0, 1.0);
    const double weight = nearness * nearness * (3 - 2 * nearness);
    const double action = (1 - weight) * std::clamp(pump, -1.0, 1.0) +
                          weight * std::clamp(balance, -1.0, 1.0);
    return {.continuous = {action}};
  }

  static constexpr int kMaxEpisodeSteps = 250;
  bool is_sparse_;
};

}  // namespace

std::unique_ptr<Environment> make_cartpole_swingup(
    const ControlVariant& variant) {
  return std::make_unique<CartpoleSwingup>(variant, false);
}

std::unique_ptr<Environment> make_cartpole_swingup_sparse(
    const ControlVariant& variant) {
  return std::make_unique<CartpoleSwingup>(variant, true);
}

}  // namespace gato::env
