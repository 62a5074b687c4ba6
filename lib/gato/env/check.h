// Whether an environment keeps its contract.
#pragma once

#include <string>
#include <vector>

#include "gato/env/environment.h"

namespace gato {

// Plays a few short episodes of random actions and says, a sentence each, what
// is wrong: with the spec, with repeated seeds, with the type, size and range
// of observations, rewards, expert actions and pictures, with the end of an
// episode and what comes after it. Empty where nothing is. An Error that ends
// the run goes through.
std::vector<std::string> check_environment(Environment& environment);

}  // namespace gato
