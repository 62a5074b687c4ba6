// Gains of linear-quadratic regulators for small systems.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

namespace gato::env {

template <int kRows, int kColumns>
using SmallMatrix = std::array<std::array<double, kColumns>, kRows>;

// The linear system x_{t+1} = A x_t + B u_t with one input.
template <int kStates>
struct LinearSystem {
  SmallMatrix<kStates, kStates> a;
  std::array<double, kStates> b;
};

// Linearizes `step`, a function (state, input) -> next state of
// std::array<double, kStates> and double, about the origin, by central
// differences.
template <int kStates, typename Step>
LinearSystem<kStates> linearize(const Step& step) {
  constexpr double kDifference = 1e-5;
  LinearSystem<kStates> system;
  for (int j = 0; j <= kStates; ++j) {
    std::array<double, kStates> from = {};
    double input = 0;
    double& varied = j < kStates ? from[j] : input;
    varied = kDifference;
    const std::array<double, kStates> above = step(from, input);
    varied = -kDifference;
    const std::array<double, kStates> below = step(from, input);
    for (int i = 0; i < kStates; ++i) {
      (j < kStates ? system.a[i][j] : system.b[i]) =
          (above[i] - below[i]) / (2 * kDifference);
    }
  }
  return system;
}

// Replaces `value`, the matrix of the cost x' value x from the next state
// onward, by that from the current state onward, and returns the gains of the
// best feedback u = gains . x: one step of the discrete Riccati equation.
template <int kStates>
std::array<double, kStates> riccati_step(
    const LinearSystem<kStates>& system,
    const std::array<double, kStates>& state_cost, double input_cost,
    SmallMatrix<kStates, kStates>& value) {
  SmallMatrix<kStates, kStates> value_a = {};  // value A
  std::array<double, kStates> value_b = {};    // value B
  std::array<double, kStates> cross = {};      // B' value A
  double curvature = input_cost;               // input_cost + B' value B
  for (int i = 0; i < kStates; ++i) {
    for (int k = 0; k < kStates; ++k) {
      value_b[i] += value[i][k] * system.b[k];
      for (int j = 0; j < kStates; ++j) {
        value_a[i][j] += value[i][k] * system.a[k][j];
      }
    }
    curvature += system.b[i] * value_b[i];
    for (int j = 0; j < kStates; ++j) {
      cross[j] += system.b[i] * value_a[i][j];
    }
  }
  // Keeps the matrix exactly symmetric: asymmetric rounding errors would grow.
  for (int i = 0; i < kStates; ++i) {
    for (int j = 0; j <= i; ++j) {
      double element =
          (i == j ? state_cost[i] : 0) - cross[i] * cross[j] / curvature;
      for (int k = 0; k < kStates; ++k) {
        element += system.a[k][i] * value_a[k][j];
      }
      value[i][j] = value[j][i] = element;
    }
  }
  std::array<double, kStates> gains;
  for (int j = 0; j < kStates; ++j) {
    gains[j] = -cross[j] / curvature;
  }
  return gains;
}

// Returns the gains of the feedback u = gains . x that minimizes the sum over
// time of sum_i state_cost_i x_i^2 + input_cost u^2. Iterates the Riccati
// equation until the gains change by less than one part in a million.
template <int kStates>
std::array<double, kStates> regulator_gains(
    const LinearSystem<kStates>& system,
    const std::array<double, kStates>& state_cost, double input_cost) {
  constexpr int kMaxIterations = 5000;
  SmallMatrix<kStates, kStates> value = {};
  for (int i = 0; i < kStates; ++i) {
    value[i][i] = state_cost[i];
  }
  std::array<double, kStates> gains = {};
  for (int iteration = 0; iteration < kMaxIterations; ++iteration) {
    const std::array<double, kStates> previous = gains;
    gains = riccati_step<kStates>(system, state_cost, input_cost, value);
    double change = 0, size = 0;
    for (int i = 0; i < kStates; ++i) {
      change = std::max(change, std::abs(gains[i] - previous[i]));
      size = std::max(size, std::abs(gains[i]));
    }
    if (change < 1e-6 * size) {
      break;
    }
  }
  return gains;
}

}  // namespace gato::env
