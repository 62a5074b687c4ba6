// Environments that are reused, because starting a simulator takes seconds.
#pragma once

#include "gato/rollout/episode_runner.h"

namespace gato::rollout {

// Returns a factory that takes an environment which is no longer in use, or
// else makes one. Environments are kept as long as the factory or a copy of it
// exists.
EnvironmentFactory make_pooled_factory(EnvironmentFactory make_environment);

}  // namespace gato::rollout
