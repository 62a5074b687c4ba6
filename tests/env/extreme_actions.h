// Plays environments with actions that try to break the physics.
#pragma once

#include <cmath>

#include "env/play.h"

namespace gato::test {

// Returns whether observations and rewards are finite in an episode whose
// continuous actions are at their bounds and rarely change.
inline bool is_finite_under_extreme_actions(Environment& environment,
                                            uint64_t seed) {
  base::RandomStream noise(seed, {2});
  const double change_rate = noise.uniform(0.02, 0.5);
  environment.reset(seed);
  data::FieldValues action = random_action(environment, noise);
  StepResult result;
  bool is_finite = true;
  do {
    for (size_t f = 0; f < action.size(); ++f) {
      const data::Field& field = environment.spec().task.action_fields[f];
      data::Array& value = std::get<data::Array>(action[f]);
      for (int64_t i = 0; i < value.size(); ++i) {
        if (noise.uniform() < change_rate) {
          value.set(i,
                    noise.uniform_int(2) == 0 ? field.low[i] : field.high[i]);
        }
      }
    }
    result = environment.step(action);
    is_finite &= std::isfinite(result.reward);
    for (const auto& value : result.observation) {
      const data::Array& array = std::get<data::Array>(value);
      for (int64_t i = 0; i < array.size(); ++i) {
        is_finite &= std::isfinite(array.as_double(i));
      }
    }
  } while (!result.terminated && !result.truncated);
  return is_finite;
}

}  // namespace gato::test
