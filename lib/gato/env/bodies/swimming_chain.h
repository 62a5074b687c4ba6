// The engine of bodies/: a chain of equal rods that swims in a plane in a
// viscous fluid, after the swimmer of Coulom (2002) with the drag of
// resistive-force theory (Gray & Hancock 1955).
//
// Coordinates: the center of mass and the direction t_i of each rod, rod 0
// being the head. With n_i perpendicular to t_i, the center of rod i moves with
//   v_i = V + length sum_j B_ij angle_j' n_j
// where the constants B make the ends of the rods meet. The fluid acts on rod i
// with the force -length (normal_drag (v_i . n_i) n_i + axial_drag (v_i . t_i)
// t_i) and turns it with -normal_drag length^3 / 12 angle_i'. A joint has a
// motor, a spring and a damper.
//
// All of these forces but the motors' are linear in the velocities w, or become
// so with the springs' angles at the end of the step. A step is therefore
// semi-implicit: it solves
//   (M + h D + h^2 S) w_new = M w + h (motors - springs - inertial forces)
// with the mass matrix M, the matrix D of drag and dampers and the matrix S of
// the springs. It is stable for every drag.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "gato/env/world_canvas.h"

namespace gato::env {

// The parameters of each rod and each joint, in SI units.
struct SwimmingChainParameters {
  double length = 1, mass = 1, normal_drag = 10, axial_drag = 1;
  double joint_stiffness = 2, joint_damping = 0.5, max_torque = 5;
};

template <int kRods>
class SwimmingChain {
 public:
  static constexpr int kJoints = kRods - 1, kSize = kRods + 2;
  // Elements: x and y of the center of mass, then the angles of the rods.
  using Vector = std::array<double, kSize>;
  struct State {
    Vector position = {}, velocity = {};
  };

  explicit SwimmingChain(const SwimmingChainParameters& parameters)
      : parameters_(parameters) {
    // Positions of the centers relative to that of the head, in lengths: minus
    // half of t_k for each end of rod k that is in between.
    std::array<double, kRods> mean = {};
    for (int i = 0; i < kRods; ++i) {
      for (int j = 0; j < kRods; ++j) {
        offset_[i][j] = j > i ? 0 : (j > 0 && j < i) ? -1 : i > 0 ? -0.5 : 0;
        mean[j] += offset_[i][j] / kRods;
      }
    }
    for (auto& row : offset_) {
      for (int j = 0; j < kRods; ++j) {
        row[j] -= mean[j];
      }
    }
    for (int j = 0; j < kRods; ++j) {
      for (int k = 0; k < kRods; ++k) {
        coupling_[j][k] = 0;
        for (int i = 0; i < kRods; ++i) {
          coupling_[j][k] += offset_[i][j] * offset_[i][k];
        }
      }
    }
  }

  // Advances the state by `time_step` in `substeps` steps. `torque` contains
  // the motors' torques in units of max_torque: each turns the rod behind its
  // joint and, reversed, the one in front. The speeds are limited to
  // `max_speed`, so that the state stays finite.
  void step(State& state, const std::array<double, kJoints>& torque,
            double time_step, int substeps, double max_speed) const {
    for (int i = 0; i < substeps; ++i) {
      const double h = time_step / substeps;
      state.velocity = next_velocity(state, torque, h);
      for (int j = 0; j < kSize; ++j) {
        state.velocity[j] =
            std::clamp(state.velocity[j], -max_speed, max_speed);
        state.position[j] += h * state.velocity[j];
      }
    }
  }

  // Returns the kinetic energy plus the energy of the springs.
  double energy(const State& state) const {
    const auto& p = parameters_;
    double energy = 0;
    for (int k = 0; k < 2; ++k) {
      energy += kRods * p.mass * state.velocity[k] * state.velocity[k] / 2;
    }
    for (int j = 0; j < kRods; ++j) {
      const double w = state.velocity[j + 2];
      energy += p.mass * p.length * p.length * w * w / 24;
      for (int k = 0; k < kRods; ++k) {
        energy += p.mass * p.length * p.length * coupling_[j][k] *
                  std::cos(state.position[j + 2] - state.position[k + 2]) * w *
                  state.velocity[k + 2] / 2;
      }
      if (j > 0) {
        const double bend = state.position[j + 2] - state.position[j + 1];
        energy += p.joint_stiffness * bend * bend / 2;
      }
    }
    return energy;
  }

  // Returns the position of the point of a rod that is `along` lengths in front
  // of its center, and its velocity.
  PlanePoint point_at(const State& state, int rod, double along) const {
    PlanePoint point = {state.position[0], state.position[1]};
    for (int j = 0; j < kRods; ++j) {
      const double reach =
          parameters_.length * (offset_[rod][j] + (j == rod ? along : 0));
      point.x += reach * std::cos(state.position[j + 2]);
      point.y += reach * std::sin(state.position[j + 2]);
    }
    return point;
  }
  PlanePoint velocity_at(const State& state, int rod, double along) const {
    PlanePoint velocity = {state.velocity[0], state.velocity[1]};
    for (int j = 0; j < kRods; ++j) {
      const double speed = parameters_.length *
                           (offset_[rod][j] + (j == rod ? along : 0)) *
                           state.velocity[j + 2];
      velocity.x -= speed * std::sin(state.position[j + 2]);
      velocity.y += speed * std::cos(state.position[j + 2]);
    }
    return velocity;
  }

 private:
  using Matrix = std::array<Vector, kSize>;  // only j <= i is used

  Vector next_velocity(const State& state,
                       const std::array<double, kJoints>& torque,
                       double h) const {
    const auto& p = parameters_;
    std::array<double, kRods> sine, cosine;
    for (int i = 0; i < kRods; ++i) {
      sine[i] = std::sin(state.position[i + 2]);
      cosine[i] = std::cos(state.position[i + 2]);
    }
    Matrix matrix = {};
    Vector right = {};
    add_drag(sine, cosine, h, matrix);
    add_inertia(state, sine, cosine, h, matrix, right);
    // Joint between rods i and i + 1.
    const double joint = h * p.joint_damping + h * h * p.joint_stiffness;
    for (int i = 0; i < kJoints; ++i) {
      const double bend = state.position[i + 3] - state.position[i + 2];
      const double impulse =
          h * (p.max_torque * torque[i] - p.joint_stiffness * bend);
      right[i + 3] += impulse;
      right[i + 2] -= impulse;
      matrix[i + 3][i + 3] += joint;
      matrix[i + 2][i + 2] += joint;
      matrix[i + 3][i + 2] -= joint;
    }
    return solve(matrix, right);
  }

  // Adds h D of the fluid. Rod i contributes drag times the outer product of
  // the row that maps w to v_i . n_i, and the same for t_i.
  void add_drag(const std::array<double, kRods>& sine,
                const std::array<double, kRods>& cosine, double h,
                Matrix& matrix) const {
    const auto& p = parameters_;
    const double normal = h * p.length * p.normal_drag,
                 axial = h * p.length * p.axial_drag;
    for (int i = 0; i < kRods; ++i) {
      Vector normal_row, axial_row;
      normal_row[0] = -sine[i];
      normal_row[1] = cosine[i];
      axial_row[0] = cosine[i];
      axial_row[1] = sine[i];
      for (int j = 0; j < kRods; ++j) {
        const double reach = p.length * offset_[i][j];
        normal_row[j + 2] = reach * (cosine[i] * cosine[j] + sine[i] * sine[j]);
        axial_row[j + 2] = reach * (sine[i] * cosine[j] - cosine[i] * sine[j]);
      }
      for (int j = 0; j < kSize; ++j) {
        const double n = normal * normal_row[j], a = axial * axial_row[j];
        for (int k = 0; k <= j; ++k) {
          matrix[j][k] += n * normal_row[k] + a * axial_row[k];
        }
      }
      matrix[i + 2][i + 2] += normal * p.length * p.length / 12;
    }
  }

  // Adds M to the matrix, and M w and the inertial forces to the right side.
  void add_inertia(const State& state, const std::array<double, kRods>& sine,
                   const std::array<double, kRods>& cosine, double h,
                   Matrix& matrix, Vector& right) const {
    const auto& p = parameters_;
    const double inertia = p.mass * p.length * p.length;
    for (int k = 0; k < 2; ++k) {
      matrix[k][k] += kRods * p.mass;
      right[k] += kRods * p.mass * state.velocity[k];
    }
    for (int j = 0; j < kRods; ++j) {
      double& total = right[j + 2];
      total += inertia / 12 * state.velocity[j + 2];
      matrix[j + 2][j + 2] += inertia / 12;
      for (int k = 0; k < kRods; ++k) {
        const double w = state.velocity[k + 2];
        const double element = inertia * coupling_[j][k];
        const double along =
            element * (cosine[j] * cosine[k] + sine[j] * sine[k]);
        const double across =
            element * (sine[j] * cosine[k] - cosine[j] * sine[k]);
        total += along * w - h * across * w * w;
        if (k <= j) {
          matrix[j + 2][k + 2] += along;
        }
      }
    }
  }

  // Solves matrix * x = right by a Cholesky decomposition without square roots.
  static Vector solve(Matrix& matrix, Vector& right) {
    Vector inverse;  // of the diagonal
    for (int j = 0; j < kSize; ++j) {
      inverse[j] = 1 / matrix[j][j];
      for (int i = j + 1; i < kSize; ++i) {
        const double factor = matrix[i][j] * inverse[j];
        for (int k = j + 1; k <= i; ++k) {
          matrix[i][k] -= factor * matrix[k][j];
        }
        right[i] -= factor * right[j];
      }
    }
    for (int i = kSize - 1; i >= 0; --i) {
      for (int j = i + 1; j < kSize; ++j) {
        right[i] -= matrix[j][i] * right[j];
      }
      right[i] *= inverse[i];
    }
    return right;
  }

  SwimmingChainParameters parameters_;
  std::array<std::array<double, kRods>, kRods> offset_, coupling_;
};

}  // namespace gato::env
