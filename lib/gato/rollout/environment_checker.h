// Whether an environment keeps its contract (env/environment.h, and the pipe
// protocol of share/gato/envs/README.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gato/env/environment.h"

namespace gato::rollout {

struct EnvironmentCheckResult {
  std::string name;  // "reset", "seed" ...
  bool passed = true;
  std::string detail;  // what was seen, or what went wrong
};

// Plays up to `steps` random steps of a few episodes and asks for all that the
// spec promises. An Error that ends the run is thrown on.
std::vector<EnvironmentCheckResult> check_environment(
    env::Environment& environment, uint64_t seed, int64_t steps = 200);

}  // namespace gato::rollout
