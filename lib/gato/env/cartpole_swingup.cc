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

#include "gato/env/builtin.h"
#include "gato/env/canvas.h"

namespace gato {
namespace {

constexpr double kCartMass = 1, kPoleMass = 0.1, kHalfLength = 0.5,
                 kGravity = 9.81, kForce = 10, kRail = 2;
constexpr double kStep = 0.04;
constexpr int kSubsteps = 4, kSteps = 250;
// A uniform rod on a pivot swings like a point mass at this distance.
constexpr double kPendulumLength = 4.0 / 3 * kHalfLength;

class CartpoleSwingup : public BuiltinEnvironment {
 public:
  CartpoleSwingup() : BuiltinEnvironment(make_spec()) {}

 private:
  static EnvironmentSpec make_spec() {
    constexpr double none = std::numeric_limits<double>::infinity();
    EnvironmentSpec spec;
    spec.task = {
        .name = "control/cartpole-swingup",
        .domain = "control",
        .environment = "control/cartpole-swingup",
        .observation = {box_field("observation", {-kRail, -1, -1, -none, -none},
                                  {kRail, 1, 1, none, none})},
        .action = {box_field("action", {-1}, {1})}};
    spec.max_steps = kSteps;
    spec.has_expert = spec.has_render = true;
    return spec;
  }

  void begin(RandomStream random) override {
    x_ = random.uniform(-0.5, 0.5);
    angle_ = std::numbers::pi + random.uniform(-0.5, 0.5);
    speed_ = random.uniform(-0.2, 0.2);
    turn_ = random.uniform(-0.5, 0.5);
  }

  Values observe() const override {
    return {
        vector_value({x_, std::cos(angle_), std::sin(angle_), speed_, turn_})};
  }

  Outcome advance(const Array& action) override {
    const double force = kForce * std::clamp(action.as_double(0), -1.0, 1.0);
    for (int i = 0; i < kSubsteps; ++i) move(force, kStep / kSubsteps);
    const double upright = (1 + std::cos(angle_)) / 2;
    const double centred = std::pow(0.1, x_ * x_ / 4);
    const double quiet = std::pow(0.1, turn_ * turn_ / 25);
    Outcome outcome;
    outcome.reward = upright * (1 + centred) / 2 * (1 + quiet) / 2;
    return outcome;
  }

  // Barto, Sutton, Anderson (1983), without friction.
  void move(double force, double dt) {
    constexpr double mass = kCartMass + kPoleMass;
    const double sine = std::sin(angle_), cosine = std::cos(angle_);
    const double push =
        (force + kPoleMass * kHalfLength * turn_ * turn_ * sine) / mass;
    const double turning =
        (kGravity * sine - cosine * push) /
        (kPendulumLength - kPoleMass * kHalfLength * cosine * cosine / mass);
    speed_ += dt * (push - kPoleMass * kHalfLength * turning * cosine / mass);
    turn_ += dt * turning;
    x_ += dt * speed_;
    angle_ += dt * turn_;
    if (std::abs(x_) > kRail) {
      x_ = std::copysign(kRail, x_);
      speed_ = 0;
    }
  }

  Array demonstrate() const override {
    const double sine = std::sin(angle_), cosine = std::cos(angle_);
    // The pole's energy over its range, 0 when upright at rest, -1 hanging.
    const double energy =
        turn_ * turn_ * kPendulumLength / (4 * kGravity) + (cosine - 1) / 2;
    const double pump =
        std::tanh(3 * energy * turn_ * cosine) - 0.3 * x_ - 0.2 * speed_;
    // Gains of a discrete linear-quadratic regulator about upright, with the
    // costs 1, 5, 0.3, 0.3 of x, angle, x', angle' and 10 of the action.
    const double balance = kGainX * x_ + kGainAngle * std::atan2(sine, cosine) +
                           kGainSpeed * speed_ + kGainTurn * turn_;
    const double nearness = std::clamp((cosine - 0.5) / 0.4, 0.0, 1.0);
    const double weight = nearness * nearness * (3 - 2 * nearness);
    const double action = (1 - weight) * std::clamp(pump, -1.0, 1.0) +
                          weight * std::clamp(balance, -1.0, 1.0);
    return vector_value({action});
  }

  Image draw() const override {
    constexpr int height = 160, width = 320;
    constexpr double pixels = 70;  // a metre
    Canvas canvas(height, width, {245, 245, 245});
    const int rail = height / 2 + 10;
    canvas.fill(rail, width / 2 - static_cast<int>(kRail * pixels), 2,
                static_cast<int>(2 * kRail * pixels), {150, 150, 150});
    const double cart = width / 2.0 + x_ * pixels;
    canvas.fill(rail - 7, static_cast<int>(cart) - 14, 15, 28, {40, 60, 120});
    constexpr int dots = 140;
    for (int i = 0; i <= dots; ++i) {
      const double along = 2 * kHalfLength * pixels * i / dots;
      canvas.fill(static_cast<int>(rail - along * std::cos(angle_)) - 2,
                  static_cast<int>(cart + along * std::sin(angle_)) - 2, 4, 4,
                  {200, 80, 40});
    }
    return canvas.image();
  }

  static constexpr double kGainX = 0.25, kGainAngle = 3.74, kGainSpeed = 0.39,
                          kGainTurn = 0.94;
  double x_ = 0, angle_ = 0, speed_ = 0, turn_ = 0;  // m, rad, m/s, rad/s
};

}  // namespace

std::unique_ptr<Environment> make_cartpole_swingup() {
  return std::make_unique<CartpoleSwingup>();
}

}  // namespace gato
