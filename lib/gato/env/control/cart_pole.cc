#include "gato/env/control/cart_pole.h"

#include <cmath>

#include "gato/env/control/linear_quadratic_regulator.h"

namespace gato::env {
namespace {

constexpr double kTimeStep = 0.04;
constexpr int kSubsteps = 4;

// Equations of motion from Barto, Sutton & Anderson (1983), appendix, without
// friction. The integration is semi-implicit: velocities before positions.
void integrate(CartPoleState& state, double force, double dt,
               const CartPoleParameters& parameters) {
  const double total_mass = parameters.cart_mass + parameters.pole_mass;
  const double pole_moment = parameters.pole_mass * parameters.pole_half_length;
  // Length of the simple pendulum that swings like a uniform rod on a pivot.
  const double pendulum_length = 4.0 / 3 * parameters.pole_half_length;
  const double sine = std::sin(state.angle), cosine = std::cos(state.angle);
  const double push = (force + pole_moment * state.angular_velocity *
                                   state.angular_velocity * sine) /
                      total_mass;
  const double angular_acceleration =
      (parameters.gravity * sine - cosine * push) /
      (pendulum_length - pole_moment * cosine * cosine / total_mass);
  state.velocity +=
      dt * (push - pole_moment * angular_acceleration * cosine / total_mass);
  state.angular_velocity += dt * angular_acceleration;
  state.x += dt * state.velocity;
  state.angle += dt * state.angular_velocity;
  if (std::abs(state.x) > kCartPoleRailHalfLength) {
    state.x = std::copysign(kCartPoleRailHalfLength, state.x);
    state.velocity = 0;
  }
}

}  // namespace

void step_cart_pole(CartPoleState& state, double action,
                    const CartPoleParameters& parameters) {
  const double force = parameters.max_force * action;
  for (int i = 0; i < kSubsteps; ++i) {
    integrate(state, force, kTimeStep / kSubsteps, parameters);
  }
}

CartPoleEnvironment::CartPoleEnvironment(const ControlVariant& variant,
                                         int64_t max_episode_steps,
                                         const PlaneView& view)
    : ControlEnvironment(variant,
                         {.observation_low = {-kCartPoleRailHalfLength, -1, -1,
                                              -kUnbounded, -kUnbounded},
                          .observation_high = {kCartPoleRailHalfLength, 1, 1,
                                               kUnbounded, kUnbounded},
                          .max_episode_steps = max_episode_steps,
                          .view = view,
                          .render_height = 160,
                          .render_width = 320,
                          .pixels_height = 32,
                          .pixels_width = 64}) {
  add_parameter("cart_mass", parameters_.cart_mass);
  add_parameter("pole_mass", parameters_.pole_mass);
  add_parameter("pole_half_length", parameters_.pole_half_length);
  add_parameter("max_force", parameters_.max_force);
}

void CartPoleEnvironment::begin_episode(base::RandomStream& random) {
  gains_.reset();
  begin_pole_episode(random);
}

const std::array<double, 4>& CartPoleEnvironment::balance_gains() {
  if (!gains_) {
    const auto step = [this](const std::array<double, 4>& from, double action) {
      CartPoleState state = {.x = from[0],
                             .angle = from[1],
                             .velocity = from[2],
                             .angular_velocity = from[3]};
      step_cart_pole(state, action, parameters_);
      return std::array{state.x, state.angle, state.velocity,
                        state.angular_velocity};
    };
    gains_ = regulator_gains<4>(linearize<4>(step), {1.5, 5, 0.2, 0.3}, 0.5);
  }
  return *gains_;
}

data::Array CartPoleEnvironment::observe_state() const {
  return box_value({state_.x, std::cos(state_.angle), std::sin(state_.angle),
                    state_.velocity, state_.angular_velocity});
}

void CartPoleEnvironment::draw(WorldCanvas& canvas) const {
  const double pole_length = 2 * parameters_.pole_half_length;
  canvas.fill_box({0, 0}, 2 * kCartPoleRailHalfLength, 0.04, {150, 150, 150});
  canvas.fill_box({state_.x, 0}, 0.4, 0.22, {40, 60, 120});
  canvas.fill_rod({state_.x, 0},
                  {state_.x + pole_length * std::sin(state_.angle),
                   pole_length * std::cos(state_.angle)},
                  0.1, {200, 80, 40});
}

}  // namespace gato::env
