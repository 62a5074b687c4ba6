// Chance over the actions that a spec allows.
#pragma once

#include <vector>

#include "gato/base/random.h"
#include "gato/data/episode.h"

namespace gato::rollout {

// Uniform over the space, element by element. Where a continuous element has
// no bounds it is standard normal, where it has one bound it lies an
// exponential draw of mean 1 inside it (as gymnasium samples its boxes).
// Error (bad_input) for a text action.
data::FieldValues random_action(const std::vector<data::Field>& action,
                                base::RandomStream& rng);

// `action` disturbed: a discrete element is drawn anew with `probability`; a
// continuous one gets Gaussian noise with a deviation of `probability` times
// half its range, and is clipped to its bounds. Where it is not bounded on both
// sides half the range counts as 1.
data::FieldValues noisy_action(const data::FieldValues& action,
                               const std::vector<data::Field>& fields,
                               double noise_level, base::RandomStream& rng);

}  // namespace gato::rollout
