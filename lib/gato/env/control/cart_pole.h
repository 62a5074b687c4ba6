// The engine of the cartpole tasks with one pole, and the base class of these
// tasks.
//
// A cart on a rail from -2 m to 2 m, which stops dead at its ends, carries a
// pole on a hinge. The cart weighs 1 kg; the pole weighs 0.1 kg and is 1 m long
// (0.5 m to its center of mass). There is no friction. The force on the cart,
// 10 N times the action, is constant during a step of 0.04 s (4 semi-implicit
// Euler steps of 0.01 s).
//
// Observation, float64 [5]: x, cos(angle), sin(angle), x', angle', with the
// pole's angle measured from upright. Pixels: 32 x 64.
// Action, float64 [1]: the force divided by max_force, in [-1, 1].
// Parameters that vary: cart_mass, pole_mass, pole_half_length, max_force.
#pragma once

#include <array>
#include <optional>

#include "gato/env/control/control_environment.h"

namespace gato::env {

// The physical parameters, in SI units. The pole is a uniform rod.
struct CartPoleParameters {
  double cart_mass = 1, pole_mass = 0.1, pole_half_length = 0.5, gravity = 9.81,
         max_force = 10;
};

struct CartPoleState {
  double x = 0, angle = 0, velocity = 0, angular_velocity = 0;
};

inline constexpr double kCartPoleRailHalfLength = 2;

// Advances the state by one step of 0.04 s.
void step_cart_pole(CartPoleState& state, double action,
                    const CartPoleParameters& parameters);

class CartPoleEnvironment : public ControlEnvironment {
 protected:
  CartPoleEnvironment(const ControlVariant& variant, int64_t max_episode_steps,
                      const PlaneView& view);

  virtual void begin_pole_episode(base::RandomStream& random) = 0;
  // Returns the gains K of the feedback action = K . (x, angle, x', angle') of
  // a linear-quadratic regulator about the upright position for the parameters
  // of this episode.
  const std::array<double, 4>& balance_gains();

  CartPoleParameters parameters_;
  CartPoleState state_;

 private:
  void begin_episode(base::RandomStream& random) override;
  data::Array observe_state() const override;
  void draw(WorldCanvas& canvas) const override;

  std::optional<std::array<double, 4>> gains_;  // of this episode
};

}  // namespace gato::env
