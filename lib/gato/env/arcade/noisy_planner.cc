// Value iteration in place (Sutton & Barto 2018, section 4.4). Consecutive
// sweeps visit the states in opposite orders, so that values spread quickly
// along paths on which the numbers of the states grow or fall.
#include "gato/env/arcade/noisy_planner.h"

#include <algorithm>
#include <cmath>

namespace gato::env {

std::vector<uint8_t> plan_under_noise(
    std::span<const PlannedTransition> transitions, int action_count,
    double discount, double noise) {
  constexpr int kMaxSweeps = 200;
  constexpr float kTolerance = 1e-4f;
  const int64_t state_count = std::ssize(transitions) / action_count;
  const float gamma = static_cast<float>(discount);
  const float random_weight = static_cast<float>(noise / action_count);
  const float best_weight = static_cast<float>(1 - noise);
  std::vector<float> values(state_count);
  std::vector<uint8_t> policy(state_count);
  for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
    float largest_change = 0;
    for (int64_t i = 0; i < state_count; ++i) {
      const int64_t state = sweep % 2 == 0 ? state_count - 1 - i : i;
      const PlannedTransition* choices = &transitions[state * action_count];
      float best = -INFINITY, sum = 0;
      for (int action = 0; action < action_count; ++action) {
        float value = choices[action].reward;
        if (choices[action].next != PlannedTransition::kEnd) {
          value += gamma * values[choices[action].next];
        }
        sum += value;
        if (value > best) {
          best = value;
          policy[state] = static_cast<uint8_t>(action);
        }
      }
      const float value = best_weight * best + random_weight * sum;
      largest_change =
          std::max(largest_change, std::abs(value - values[state]));
      values[state] = value;
    }
    if (largest_change < kTolerance) {
      break;
    }
  }
  return policy;
}

}  // namespace gato::env
