// Rewards between 0 and 1 that fall off smoothly around an interval, as in the
// DeepMind Control Suite (Tassa et al. 2018, section 2; rewards.py of
// dm_control).
#pragma once

#include <algorithm>
#include <cmath>

namespace gato::env {

// Returns how far `value` is outside [low, high], in units of `margin`.
inline double excess(double value, double low, double high, double margin) {
  return std::max({low - value, value - high, 0.0}) / margin;
}

// Returns 1 if `value` is within [low, high]. Outside it falls off like a
// Gaussian and is `value_at_margin` at the distance `margin`.
inline double gaussian_tolerance(double value, double low, double high,
                                 double margin, double value_at_margin = 0.1) {
  const double distance = excess(value, low, high, margin);
  return std::pow(value_at_margin, distance * distance);
}

// Like gaussian_tolerance(), but falls off like a parabola, to 0 at the
// distance `margin` and beyond.
inline double quadratic_tolerance(double value, double low, double high,
                                  double margin) {
  const double distance = excess(value, low, high, margin);
  return std::max(1 - distance * distance, 0.0);
}

}  // namespace gato::env
