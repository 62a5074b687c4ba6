// Retrieve and play: the baseline that a learned policy must beat.
#pragma once

#include <cstdint>
#include <memory>

#include "gato/rollout/demonstrations.h"
#include "gato/rollout/policy.h"

namespace gato::rollout {

// Takes the action of the step in the demonstrations whose observation is
// nearest, or combines those of the `neighbors` nearest steps. An action
// depends on the observation only.
std::unique_ptr<Policy> make_nearest_policy(
    std::shared_ptr<const Demonstrations> demonstrations, int64_t neighbors);

}  // namespace gato::rollout
