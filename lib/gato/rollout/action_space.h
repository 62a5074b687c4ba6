// Chance over the actions that a spec allows.
#pragma once

#include <vector>

#include "gato/base/random.h"
#include "gato/data/episode.h"

namespace gato {

// Uniform over the space, element by element. Where a continuous element has
// no bounds it is standard normal, where it has one bound it lies an
// exponential draw of mean 1 inside it (as gymnasium samples its boxes).
// Error (bad_input) for a text action.
Values random_action(const std::vector<Field>& action, RandomStream& draws);

// `action` disturbed: a discrete element is drawn anew with `probability`; a
// continuous one gets Gaussian noise with a deviation of `probability` times
// half its range, and is clipped to its bounds. Where it is not bounded on both
// sides half the range counts as 1.
Values disturbed_action(const Values& action, const std::vector<Field>& fields,
                        double probability, RandomStream& draws);

}  // namespace gato
