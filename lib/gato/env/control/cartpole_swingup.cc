// control/cartpole-swingup: a cart on a rail swings a hanging pole up and
// balances it.
//
// Dynamics: the cart weighs 1 kg; the pole weighs 0.1 kg and is 1 m long (0.5 m
// to its center of mass). There is no friction. The rail runs from -2 m to 2 m,
// and the cart stops dead at its ends. The force, 10 N times the action, is
// constant during a step of 0.04 s (4 semi-implicit Euler steps of 0.01 s). The
// pole starts within 0.5 rad of hanging, with both velocities near zero. An
// episode is truncated after 250 steps (10 s).
//
// Observation, float64 [5]: x, cos(angle), sin(angle), x', angle', with the
// pole's angle measured from upright.
// Action, float64 [1]: the force divided by 10 N, in [-1, 1].
// Reward, in [0, 1], as in the DeepMind Control Suite (Tassa et al. 2018) but
// without its control cost: the product of
//   upright          (1 + cos(angle)) / 2
//   centered         (1 + 0.1^((x / 2)^2)) / 2
//   small_velocity   (1 + 0.1^((angle' / 5)^2)) / 2
//
// Expert: pumps energy into the pole until it is near upright, then balances it
// by linear feedback. The two controllers are blended between cos(angle) = 0.5
// and 0.9, so the action is a smooth function of the observation alone.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "gato/env/builtin_environment.h"
#include "gato/env/canvas.h"
#include "gato/env/control/control_tasks.h"

namespace gato::env {
namespace {

constexpr double kCartMass = 1, kPoleMass = 0.1, kPoleHalfLength = 0.5,
                 kGravity = 9.81, kMaxForce = 10, kRailHalfLength = 2;
constexpr double kTimeStep = 0.04;
constexpr int kSubsteps = 4, kMaxEpisodeSteps = 250;
// Length of the simple pendulum that swings like a uniform rod on a pivot.
constexpr double kPendulumLength = 4.0 / 3 * kPoleHalfLength;

class CartpoleSwingup : public BuiltinEnvironment {
 public:
  CartpoleSwingup() : BuiltinEnvironment(make_spec()) {}

 private:
  static EnvironmentSpec make_spec() {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return builtin_spec(
        "control/cartpole-swingup",
        {box_field("observation",
                   {-kRailHalfLength, -1, -1, -kInfinity, -kInfinity},
                   {kRailHalfLength, 1, 1, kInfinity, kInfinity})},
        {box_field("action", {-1}, {1})}, kMaxEpisodeSteps);
  }

  void reset_state(base::RandomStream random) override {
    x_ = random.uniform(-0.5, 0.5);
    angle_ = std::numbers::pi + random.uniform(-0.5, 0.5);
    velocity_ = random.uniform(-0.2, 0.2);
    angular_velocity_ = random.uniform(-0.5, 0.5);
  }

  data::FieldValues observe() const override {
    return {box_value({x_, std::cos(angle_), std::sin(angle_), velocity_,
                       angular_velocity_})};
  }

  Transition apply_action(const BuiltinAction& action) override {
    const double force = kMaxForce * action.continuous[0];
    for (int i = 0; i < kSubsteps; ++i) {
      integrate(force, kTimeStep / kSubsteps);
    }
    const double upright = (1 + std::cos(angle_)) / 2;
    const double centered = std::pow(0.1, x_ * x_ / 4);
    const double small_velocity =
        std::pow(0.1, angular_velocity_ * angular_velocity_ / 25);
    Transition transition;
    transition.reward = upright * (1 + centered) / 2 * (1 + small_velocity) / 2;
    return transition;
  }

  // Equations of motion from Barto, Sutton & Anderson (1983), appendix, without
  // friction. The integration is semi-implicit: velocities before positions.
  void integrate(double force, double dt) {
    constexpr double kTotalMass = kCartMass + kPoleMass;
    const double sine = std::sin(angle_), cosine = std::cos(angle_);
    const double push =
        (force + kPoleMass * kPoleHalfLength * angular_velocity_ *
                     angular_velocity_ * sine) /
        kTotalMass;
    const double angular_acceleration =
        (kGravity * sine - cosine * push) /
        (kPendulumLength -
         kPoleMass * kPoleHalfLength * cosine * cosine / kTotalMass);
    velocity_ += dt * (push - kPoleMass * kPoleHalfLength *
                                  angular_acceleration * cosine / kTotalMass);
    angular_velocity_ += dt * angular_acceleration;
    x_ += dt * velocity_;
    angle_ += dt * angular_velocity_;
    if (std::abs(x_) > kRailHalfLength) {
      x_ = std::copysign(kRailHalfLength, x_);
      velocity_ = 0;
    }
  }

  BuiltinAction compute_expert_action() override {
    const double sine = std::sin(angle_), cosine = std::cos(angle_);
    // Energy of the pole divided by its range: 0 upright and at rest, -1
    // hanging and at rest.
    const double energy = angular_velocity_ * angular_velocity_ *
                              kPendulumLength / (4 * kGravity) +
                          (cosine - 1) / 2;
    const double pump = std::tanh(3 * energy * angular_velocity_ * cosine) -
                        0.3 * x_ - 0.2 * velocity_;
    // A discrete-time linear-quadratic regulator about the upright position,
    // with costs of 1, 5, 0.3, 0.3 for x, angle, x', angle' and 10 for the
    // action.
    const double balance = kGainX * x_ + kGainAngle * std::atan2(sine, cosine) +
                           kGainVelocity * velocity_ +
                           kGainAngularVelocity * angular_velocity_;
    // Smoothstep from 0 at cosine 0.5 to 1 at cosine 0.9.
    const double nearness = std::clamp((cosine - 0.5) / 0.4, 0.0, 1.0);
    const double weight = nearness * nearness * (3 - 2 * nearness);
    const double action = (1 - weight) * std::clamp(pump, -1.0, 1.0) +
                          weight * std::clamp(balance, -1.0, 1.0);
    return {.continuous = {action}};
  }

  data::Image render_frame() const override {
    constexpr int kHeight = 160, kWidth = 320;
    constexpr double kPixelsPerMeter = 70;
    Canvas canvas(kHeight, kWidth, {245, 245, 245});
    const int rail_y = kHeight / 2 + 10;
    canvas.fill_rectangle(
        rail_y,
        kWidth / 2 - static_cast<int>(kRailHalfLength * kPixelsPerMeter), 2,
        static_cast<int>(2 * kRailHalfLength * kPixelsPerMeter),
        {150, 150, 150});
    const double cart_x = kWidth / 2.0 + x_ * kPixelsPerMeter;
    canvas.fill_rectangle(rail_y - 7, static_cast<int>(cart_x) - 14, 15, 28,
                          {40, 60, 120});
    // The pole is a row of overlapping squares.
    constexpr int kDots = 140;
    for (int i = 0; i <= kDots; ++i) {
      const double along = 2 * kPoleHalfLength * kPixelsPerMeter * i / kDots;
      canvas.fill_rectangle(
          static_cast<int>(rail_y - along * std::cos(angle_)) - 2,
          static_cast<int>(cart_x + along * std::sin(angle_)) - 2, 4, 4,
          {200, 80, 40});
    }
    return canvas.image();
  }

  static constexpr double kGainX = 0.25, kGainAngle = 3.74,
                          kGainVelocity = 0.39, kGainAngularVelocity = 0.94;
  double x_ = 0, angle_ = 0;                    // m, rad
  double velocity_ = 0, angular_velocity_ = 0;  // m/s, rad/s
};

}  // namespace

std::unique_ptr<Environment> make_cartpole_swingup() {
  return std::make_unique<CartpoleSwingup>();
}

}  // namespace gato::env
