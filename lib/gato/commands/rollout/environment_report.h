// gato-rollout control --list-envs and --check-env.
#pragma once

#include <cstdint>

#include "gato/base/error.h"
#include "gato/commands/environment_options.h"

namespace gato::commands {

// Prints the environments that can be played, one name per line. If `is_long`,
// prints a table with their descriptions and, unless `only_built_in`, the
// domains that are not installed.
void list_environments(const EnvironmentOptions& options, bool only_built_in,
                       bool is_long);

// Prints what rollout::check_environment() says about the environments of the
// options. Returns run_failed if any check failed.
base::ExitStatus check_environments(const EnvironmentOptions& options,
                                    uint64_t seed);

}  // namespace gato::commands
