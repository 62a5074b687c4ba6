// Plays built-in environments in tests.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "gato/base/random.h"
#include "gato/env/environment.h"

namespace gato::test {

using env::Environment;
using env::StepResult;

// Chooses the action of a step. `noise` is independent of the environment.
using Policy =
    std::function<data::FieldValues(Environment&, base::RandomStream& noise)>;

inline data::FieldValues expert_policy(Environment& environment,
                                       base::RandomStream&) {
  return environment.expert_action();
}

inline data::FieldValues random_action(const Environment& environment,
                                       base::RandomStream& noise) {
  data::FieldValues action;
  for (const data::Field& field : environment.spec().task.action_fields) {
    data::Array value = data::Array::zeros(field.dtype, field.shape);
    for (int64_t i = 0; i < value.size(); ++i) {
      value.set(i, field.role == data::Role::discrete
                       ? static_cast<double>(noise.uniform_int(field.n[i]))
                       : noise.uniform(field.low[i], field.high[i]));
    }
    action.emplace_back(std::move(value));
  }
  return action;
}

inline data::FieldValues random_policy(Environment& environment,
                                       base::RandomStream& noise) {
  return random_action(environment, noise);
}

// Returns the expert with a random action in a fraction `level` of the steps
// (discrete actions) or with Gaussian noise of standard deviation `level` in
// every step (continuous actions).
inline Policy noisy_expert(double level) {
  return [level](Environment& environment, base::RandomStream& noise) {
    data::FieldValues action = environment.expert_action();
    const data::FieldValues random = random_action(environment, noise);
    for (size_t f = 0; f < action.size(); ++f) {
      data::Array& value = std::get<data::Array>(action[f]);
      if (environment.spec().task.action_fields[f].role ==
          data::Role::discrete) {
        if (noise.uniform() < level) {
          action[f] = random[f];
        }
        continue;
      }
      for (int64_t i = 0; i < value.size(); ++i) {
        value.set(i, value.as_double(i) + level * noise.normal());
      }
    }
    return action;
  };
}

// The outcome of an episode.
struct Played {
  double reward = 0;
  int64_t steps = 0;
  bool has_succeeded = false;  // info "success" was above one half at a step
  StepResult last;
};

inline Played play(Environment& environment, uint64_t seed,
                   const Policy& policy) {
  base::RandomStream noise(seed, {1});
  environment.reset(seed);
  Played played;
  do {
    played.last = environment.step(policy(environment, noise));
    played.reward += played.last.reward;
    const auto success = played.last.info.find("success");
    played.has_succeeded |=
        success != played.last.info.end() && success->second > 0.5;
    ++played.steps;
  } while (!played.last.terminated && !played.last.truncated);
  return played;
}

inline double mean_reward(const std::string& name, int episodes,
                          const Policy& policy) {
  const auto environment = env::make_builtin_environment(name);
  double sum = 0;
  for (int seed = 0; seed < episodes; ++seed) {
    sum += play(*environment, seed, policy).reward;
  }
  return sum / episodes;
}

// Returns the fraction of episodes that succeed.
inline double success_rate(const std::string& name, int episodes,
                           const Policy& policy) {
  const auto environment = env::make_builtin_environment(name);
  int successes = 0;
  for (int seed = 0; seed < episodes; ++seed) {
    successes += play(*environment, seed, policy).has_succeeded;
  }
  return static_cast<double>(successes) / episodes;
}

}  // namespace gato::test
