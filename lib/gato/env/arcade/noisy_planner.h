// Optimal policies of small Markov decision processes, for experts of games
// whose dynamics are known.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gato::env {

struct PlannedTransition {
  static constexpr int32_t kEnd = -1;  // of the episode
  int32_t next = kEnd;                 // a state
  float reward = 0;
};

// Returns the best action in every state, the first one if several are equal,
// given transitions [state][action]. It maximizes the expected discounted
// return of a player if a fraction `noise` of the actions is replaced by random
// ones. Such a player stays away from danger and takes no unnecessary risks.
std::vector<uint8_t> plan_under_noise(
    std::span<const PlannedTransition> transitions, int action_count,
    double discount, double noise);

}  // namespace gato::env
