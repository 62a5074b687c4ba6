// Checks that an environment keeps its contract (env/environment.h, and
// share/gato/envs/README.md for the protocol of external environments).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gato/env/environment.h"

namespace gato::rollout {

struct EnvironmentCheckResult {
  std::string name;  // "reset", "seed" ...
  bool passed = true;
  // True if something was observed that works but is probably a mistake.
  bool is_warning = false;
  std::string detail;  // what was observed, or what went wrong
};

// Plays a few episodes of up to `max_steps` random steps and tests everything
// that the spec promises. Returns one result per check, and a warning "bounds"
// if a continuous observation was outside its space. Errors that end a run (see
// env::EnvironmentError) are not caught.
std::vector<EnvironmentCheckResult> check_environment(
    env::Environment& environment, uint64_t seed, int64_t max_steps = 200);

}  // namespace gato::rollout
