// Samples random actions, and adds noise to actions, within an action space.
#pragma once

#include <vector>

#include "gato/base/random.h"
#include "gato/data/episode.h"

namespace gato::rollout {

// Samples every element uniformly from its space. As in Gymnasium's Box.sample,
// an element without bounds is standard normal, and one with a single bound
// has an exponential distance of mean 1 from it. Throws Error(bad_input) if an
// action is text.
data::FieldValues random_action(const std::vector<data::Field>& action_fields,
                                base::RandomStream& rng);

// Returns `action` with noise of a level between 0 and 1. With this probability
// a discrete element is replaced by a random one. A continuous element gets
// Gaussian noise and is clipped to its bounds; the standard deviation is
// `noise_level` times half its range, which counts as 1 if a bound is missing.
// Throws Error(bad_input) if an action is text.
data::FieldValues noisy_action(const data::FieldValues& action,
                               const std::vector<data::Field>& action_fields,
                               double noise_level, base::RandomStream& rng);

}  // namespace gato::rollout
