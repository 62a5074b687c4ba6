// control/cartpole-swingup: a cart on a rail swings a hanging pole up and keeps
// it there.
//
// Cart 1 kg, pole 0.1 kg and 1 m long (0.5 m to its middle), no friction, rail
// from -2 m to 2 m where the cart stops dead. The force, 10 N times the action,
// is held for a step of 0.04 s (4 semi-implicit Euler steps of 0.01 s). The
// pole starts within half a radian of hanging, everything near rest. 250 steps,
// 10 s, then the episode is truncated.
//
// Observation: x, cos, sin of the pole's angle from upright, x', angle'.
// Action: the force over 10 N, in [-1, 1].
// Reward, in [0, 1], as in the DeepMind control suite without its cost of
// control: (1 + cos)/2, times (1 + c)/2 with c = 0.1^((x/2)^2) for the middle
// of the rail, times (1 + v)/2 with v = 0.1^((angle'/5)^2) for a quiet pole.
//
// Expert: pumps energy in until the pole is near upright, then balances by
// linear feedback, the two blended between cos = 0.5 and 0.9. A smooth function
// of the observation alone.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "gato/env/builtin_environment.h"
#include "gato/env/canvas.h"

namespace gato::env {
namespace {

constexpr double kCartMass = 1, kPoleMass = 0.1, kPoleHalfLength = 0.5,
                 kGravity = 9.81, kMaxForce = 10, kRailHalfLength = 2;
constexpr double kTimeStep = 0.04;
constexpr int kSubsteps = 4, kMaxEpisodeSteps = 250;
// A uniform rod on a pivot swings like a point mass at this distance.
constexpr double kPendulumLength = 4.0 / 3 * kPoleHalfLength;

class CartpoleSwingup : public BuiltinEnvironment {
 public:
  CartpoleSwingup() : BuiltinEnvironment(make_spec()) {}

 private:
  static EnvironmentSpec make_spec() {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    EnvironmentSpec spec;
    spec.task = {
        .name = "control/cartpole-swingup",
        .domain = "control",
        .environment = "control/cartpole-swingup",
        .observation_fields = {box_field(
            "observation", {-kRailHalfLength, -1, -1, -infinity, -infinity},
            {kRailHalfLength, 1, 1, infinity, infinity})},
        .action_fields = {box_field("action", {-1}, {1})}};
    spec.max_episode_steps = kMaxEpisodeSteps;
    spec.has_expert = spec.has_render = true;
    return spec;
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

  Transition apply_action(const data::Array& action) override {
    const double force = kMaxForce * std::clamp(action.as_double(0), -1.0, 1.0);
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

  // Barto, Sutton, Anderson (1983), without friction.
  void integrate(double force, double dt) {
    constexpr double mass = kCartMass + kPoleMass;
    const double sine = std::sin(angle_), cosine = std::cos(angle_);
    const double push =
        (force + kPoleMass * kPoleHalfLength * angular_velocity_ *
                     angular_velocity_ * sine) /
        mass;
    const double angular_acceleration =
        (kGravity * sine - cosine * push) /
        (kPendulumLength -
         kPoleMass * kPoleHalfLength * cosine * cosine / mass);
    velocity_ += dt * (push - kPoleMass * kPoleHalfLength *
                                  angular_acceleration * cosine / mass);
    angular_velocity_ += dt * angular_acceleration;
    x_ += dt * velocity_;
    angle_ += dt * angular_velocity_;
    if (std::abs(x_) > kRailHalfLength) {
      x_ = std::copysign(kRailHalfLength, x_);
      velocity_ = 0;
    }
  }

  data::Array compute_expert_action() const override {
    const double sine = std::sin(angle_), cosine = std::cos(angle_);
    // The pole's energy over its range, 0 when upright at rest, -1 hanging.
    const double energy = angular_velocity_ * angular_velocity_ *
                              kPendulumLength / (4 * kGravity) +
                          (cosine - 1) / 2;
    const double pump = std::tanh(3 * energy * angular_velocity_ * cosine) -
                        0.3 * x_ - 0.2 * velocity_;
    // Gains of a discrete linear-quadratic regulator about upright, with the
    // costs 1, 5, 0.3, 0.3 of x, angle, x', angle' and 10 of the action.
    const double balance = kGainX * x_ + kGainAngle * std::atan2(sine, cosine) +
                           kGainVelocity * velocity_ +
                           kGainAngularVelocity * angular_velocity_;
    const double nearness = std::clamp((cosine - 0.5) / 0.4, 0.0, 1.0);
    const double weight = nearness * nearness * (3 - 2 * nearness);
    const double action = (1 - weight) * std::clamp(pump, -1.0, 1.0) +
                          weight * std::clamp(balance, -1.0, 1.0);
    return box_value({action});
  }

  data::Image render_frame() const override {
    constexpr int height = 160, width = 320;
    constexpr double pixels_per_meter = 70;  // a metre
    Canvas canvas(height, width, {245, 245, 245});
    const int rail = height / 2 + 10;
    canvas.fill_rectangle(
        rail, width / 2 - static_cast<int>(kRailHalfLength * pixels_per_meter),
        2, static_cast<int>(2 * kRailHalfLength * pixels_per_meter),
        {150, 150, 150});
    const double cart = width / 2.0 + x_ * pixels_per_meter;
    canvas.fill_rectangle(rail - 7, static_cast<int>(cart) - 14, 15, 28,
                          {40, 60, 120});
    constexpr int dots = 140;
    for (int i = 0; i <= dots; ++i) {
      const double along = 2 * kPoleHalfLength * pixels_per_meter * i / dots;
      canvas.fill_rectangle(
          static_cast<int>(rail - along * std::cos(angle_)) - 2,
          static_cast<int>(cart + along * std::sin(angle_)) - 2, 4, 4,
          {200, 80, 40});
    }
    return canvas.image();
  }

  static constexpr double kGainX = 0.25, kGainAngle = 3.74,
                          kGainVelocity = 0.39, kGainAngularVelocity = 0.94;
  double x_ = 0, angle_ = 0, velocity_ = 0,
         angular_velocity_ = 0;  // m, rad, m/s, rad/s
};

}  // namespace

std::unique_ptr<Environment> make_cartpole_swingup() {
  return std::make_unique<CartpoleSwingup>();
}

}  // namespace gato::env
