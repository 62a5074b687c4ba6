// control/cartpole-two-poles
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "gato/env/control/control_environment.h"
#include "gato/env/control/control_tasks.h"
#include "gato/env/control/linear_quadratic_regulator.h"
#include "gato/env/control/rod_chain.h"
#include "gato/env/control/tolerance.h"

#ifdef GATO_TUNE
extern thread_local double P[64];
#define K(i, v) P[i]
#else
#define K(i, v) (v)
#endif
namespace gato::env {
namespace {

constexpr double kTimeStep = 0.04, kMaxSpeed = 30, kRailHalfLength = 2, kMaxAngle = .6;
constexpr int kSubsteps = 2, kMaxEpisodeSteps = 200;

class CartpoleTwoPoles : public ControlEnvironment {
 public:
  explicit CartpoleTwoPoles(const ControlVariant& variant)
      : ControlEnvironment(
            variant, {.observation_low = std::vector<double>(6, -30),
                      .observation_high = std::vector<double>(6, 30),
                      .max_episode_steps = kMaxEpisodeSteps,
                      .view = {.center = {0, .9}, .height = 2.3}, .render_height=160,.render_width=320}) {
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
    state_.position = {random.uniform(-.3, .3), random.uniform(-0.08, 0.08), random.uniform(-0.08, 0.08)};
    state_.velocity = {random.uniform(-0.1, 0.1), random.uniform(-0.08, 0.08), random.uniform(-0.08, 0.08)};
    has_gains_ = false;
  }

  data::Array observe_state() const override {
    return box_value({state_.position[0], state_.position[1], state_.position[2], state_.velocity[0], state_.velocity[1], state_.velocity[2]});
  }

  void advance(Chain::State& s, double action) const {
    chain_.step(s, {max_force_ * action, 0, 0}, kTimeStep, kSubsteps, kMaxSpeed);
  }

  Transition apply_action(const BuiltinAction& action) override {
    advance(state_, action.continuous[0]);
    const auto& q = state_.position;
    const auto& v = state_.velocity;
    const double upright = (2 + std::cos(q[1]) + std::cos(q[2])) / 4;
    const double centered = gaussian_tolerance(q[0], 0, 0, 2);
    const double small_control =
        quadratic_tolerance(action.continuous[0], 0, 0, 1);
    const double small_velocity = gaussian_tolerance(std::max(std::abs(v[1]), std::abs(v[2])), 0, 0, 5);
    Transition transition;
    transition.reward = upright * (1 + centered) / 2 * (4 + small_control) / 5 *
                        (1 + small_velocity) / 2;
    transition.terminated = std::abs(q[1]) > kMaxAngle || std::abs(q[2]) > kMaxAngle ||
                            std::abs(q[0]) > kRailHalfLength;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    if (!has_gains_) {
      const auto system = linearize<6>([this](const std::array<double, 6>& s, double a) {
        Chain::State x;
        for (int i = 0; i < 3; ++i) { x.position[i] = s[i]; x.velocity[i] = s[i + 3]; }
        advance(x, a);
        std::array<double, 6> r;
        for (int i = 0; i < 3; ++i) { r[i] = x.position[i]; r[i + 3] = x.velocity[i]; }
        return r;
      });
      gains_ = regulator_gains<6>(system, {1, 5, 5, .3, .3, .3}, K(0, 10.));
      has_gains_ = true;
    }
    double a = 0;
    for (int i = 0; i < 3; ++i) a += gains_[i] * state_.position[i] + gains_[i + 3] * state_.velocity[i];
    return {.continuous = {std::clamp(a, -1., 1.)}};
  }

  void draw(WorldCanvas& canvas) const override {
    const auto& q = state_.position;
    canvas.fill_box({0, 0}, 2 * kRailHalfLength, 0.04, {150, 150, 150});
    canvas.fill_box({q[0], 0}, 0.4, 0.22, {40, 60, 120});
    const PlanePoint hinge = {q[0] + physics_.length[0] * std::sin(q[1]), physics_.length[0] * std::cos(q[1])};
    canvas.fill_rod({q[0], 0}, hinge, 0.09, {200, 80, 40});
    canvas.fill_rod(hinge, {hinge.x + physics_.length[1] * std::sin(q[2]), hinge.y + physics_.length[1] * std::cos(q[2])}, 0.08, {220, 150, 40});
  }

  Chain::Parameters physics_ = {.cart_mass = 1, .mass = {.1, .1}, .length = {1, 1}};
  double max_force_ = 15;
  Chain chain_{physics_};
  Chain::State state_;
  bool has_gains_ = false;
  std::array<double, 6> gains_;
};

}  // namespace

std::unique_ptr<Environment> make_cartpole_two_poles(const ControlVariant& variant) {
  return std::make_unique<CartpoleTwoPoles>(variant);
}

}  // namespace gato::env
