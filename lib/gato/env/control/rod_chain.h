// The engine of pendulums, arms and stacked poles: a chain of uniform rods in a
// plane, on a fixed pivot or on a cart that moves along a horizontal rail.
//
// Coordinates: the cart's position x, if there is a cart, and the angle of each
// rod, measured from upright toward positive x. With the angles absolute rather
// than relative to the previous rod, the kinetic energy is
//   1/2 sum_ij c_ij cos(angle_i - angle_j) angle_i' angle_j'
//     + x' sum_j b_j cos(angle_j) angle_j' + 1/2 M x'^2
// and the potential energy g sum_j b_j cos(angle_j), with constants c and b
// that depend on masses and lengths. Lagrange's equations are, for rod i and
// the cart,
//   sum_j c_ij (cos(angle_i - angle_j) angle_j'' +
//               sin(angle_i - angle_j) angle_j'^2)
//     + b_i cos(angle_i) x'' - g b_i sin(angle_i) = torque_i
//   M x'' + sum_j b_j (cos(angle_j) angle_j'' - sin(angle_j) angle_j'^2) =
//   force
// They are integrated with the classical Runge-Kutta method of order 4.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "gato/env/world_canvas.h"

namespace gato::env {

// Returns the end of a rod that begins at `start`.
inline PlanePoint rod_end(PlanePoint start, double length, double angle) {
  return {start.x + length * std::sin(angle),
          start.y + length * std::cos(angle)};
}

// The physical constants of a chain, in SI units. `joint_damping` is the torque
// per angular velocity of a rod relative to the previous one.
template <int kRods>
struct RodChainParameters {
  double cart_mass = 1, gravity = 9.81, cart_damping = 0;
  std::array<double, kRods> mass, length, joint_damping = {};
};

template <int kRods, bool kHasCart>
class RodChain {
 public:
  static constexpr int kCart = kHasCart ? 1 : 0, kSize = kRods + kCart;
  // Elements: the cart, if there is one, then the rods.
  using Vector = std::array<double, kSize>;
  struct State {
    Vector position = {}, velocity = {};
  };
  using Parameters = RodChainParameters<kRods>;

  // Computes the constants of the equations of motion.
  explicit RodChain(const Parameters& parameters) : parameters_(parameters) {
    double mass_above = 0;  // of the rods after rod i
    for (int i = kRods - 1; i >= 0; --i) {
      const double mass = parameters.mass[i], length = parameters.length[i];
      moment_[i] = (mass / 2 + mass_above) * length;
      inertia_[i][i] = (mass / 3 + mass_above) * length * length;
      mass_above += mass;
      for (int j = i + 1; j < kRods; ++j) {
        inertia_[i][j] = inertia_[j][i] = length * moment_[j];
      }
    }
    total_mass_ = mass_above + parameters.cart_mass;
  }

  // Advances the state by `time_step` in `substeps` steps under generalized
  // forces: the force on the cart and, for each rod, the torque on its joint.
  // Then limits the speeds to `max_speed`, so that the state stays finite
  // whatever the forces are.
  void step(State& state, const Vector& joint_forces, double time_step,
            int substeps, double max_speed) const {
    const double h = time_step / substeps;
    for (int i = 0; i < substeps; ++i) {
      const State k1 = derivative(state, joint_forces);
      const State k2 = derivative(sum(state, k1, h / 2), joint_forces);
      const State k3 = derivative(sum(state, k2, h / 2), joint_forces);
      const State k4 = derivative(sum(state, k3, h), joint_forces);
      for (int j = 0; j < kSize; ++j) {
        state.position[j] += h / 6 *
                             (k1.position[j] + 2 * k2.position[j] +
                              2 * k3.position[j] + k4.position[j]);
        state.velocity[j] = std::clamp(
            state.velocity[j] + h / 6 *
                                    (k1.velocity[j] + 2 * k2.velocity[j] +
                                     2 * k3.velocity[j] + k4.velocity[j]),
            -max_speed, max_speed);
      }
    }
  }

  // Returns the second derivatives of the coordinates.
  Vector accelerations(const State& state, const Vector& joint_forces) const {
    return derivative(state, joint_forces).velocity;
  }

  // Returns the kinetic and potential energy, the latter being 0 if all rods
  // are horizontal.
  double energy(const State& state) const {
    double energy = 0;
    if constexpr (kHasCart) {
      energy += total_mass_ * state.velocity[0] * state.velocity[0] / 2;
    }
    for (int i = 0; i < kRods; ++i) {
      const double angle = state.position[i + kCart];
      const double velocity = state.velocity[i + kCart];
      energy += parameters_.gravity * moment_[i] * std::cos(angle);
      if constexpr (kHasCart) {
        energy += moment_[i] * std::cos(angle) * velocity * state.velocity[0];
      }
      for (int j = 0; j < kRods; ++j) {
        energy += inertia_[i][j] * std::cos(angle - state.position[j + kCart]) *
                  velocity * state.velocity[j + kCart] / 2;
      }
    }
    return energy;
  }

 private:
  static State sum(const State& state, const State& rate, double h) {
    State result;
    for (int j = 0; j < kSize; ++j) {
      result.position[j] = state.position[j] + h * rate.position[j];
      result.velocity[j] = state.velocity[j] + h * rate.velocity[j];
    }
    return result;
  }

  State derivative(const State& state, const Vector& joint_forces) const {
    std::array<double, kRods> sine, cosine, torque;
    for (int i = 0; i < kRods; ++i) {
      sine[i] = std::sin(state.position[i + kCart]);
      cosine[i] = std::cos(state.position[i + kCart]);
      const double relative_velocity =
          state.velocity[i + kCart] -
          (i > 0 ? state.velocity[i + kCart - 1] : 0.0);
      torque[i] = joint_forces[i + kCart] -
                  parameters_.joint_damping[i] * relative_velocity;
    }
    // matrix * acceleration = right_side
    std::array<Vector, kSize> matrix;
    Vector right_side;
    if constexpr (kHasCart) {
      matrix[0][0] = total_mass_;
      right_side[0] =
          joint_forces[0] - parameters_.cart_damping * state.velocity[0];
    }
    for (int i = 0; i < kRods; ++i) {
      const int row = i + kCart;
      // A joint's torque acts on its rod and, reversed, on the previous one.
      double total = torque[i] - (i + 1 < kRods ? torque[i + 1] : 0.0) +
                     parameters_.gravity * moment_[i] * sine[i];
      for (int j = 0; j < kRods; ++j) {
        const double velocity = state.velocity[j + kCart];
        matrix[row][j + kCart] =
            inertia_[i][j] * (cosine[i] * cosine[j] + sine[i] * sine[j]);
        total -= inertia_[i][j] * (sine[i] * cosine[j] - cosine[i] * sine[j]) *
                 velocity * velocity;
      }
      right_side[row] = total;
      if constexpr (kHasCart) {
        matrix[row][0] = matrix[0][row] = moment_[i] * cosine[i];
        right_side[0] +=
            moment_[i] * sine[i] * state.velocity[row] * state.velocity[row];
      }
    }
    return {.position = state.velocity, .velocity = solve(matrix, right_side)};
  }

  // Gaussian elimination without pivoting: the matrix is positive definite.
  static Vector solve(std::array<Vector, kSize>& matrix, Vector& right_side) {
    for (int k = 0; k < kSize; ++k) {
      const double inverse = 1 / matrix[k][k];
      for (int i = k + 1; i < kSize; ++i) {
        const double factor = matrix[i][k] * inverse;
        for (int j = k + 1; j < kSize; ++j) {
          matrix[i][j] -= factor * matrix[k][j];
        }
        right_side[i] -= factor * right_side[k];
      }
    }
    for (int i = kSize - 1; i >= 0; --i) {
      for (int j = i + 1; j < kSize; ++j) {
        right_side[i] -= matrix[i][j] * right_side[j];
      }
      right_side[i] /= matrix[i][i];
    }
    return right_side;
  }

  Parameters parameters_;
  // b_i and c_ij of the equations above.
  std::array<double, kRods> moment_;
  std::array<std::array<double, kRods>, kRods> inertia_;
  double total_mass_ = 0;
};

}  // namespace gato::env
