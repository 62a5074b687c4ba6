// The option of all commands that read episodes.
#pragma once

#include <cstdint>

#include "gato/cli/option_table.h"

namespace gato::commands {

// Adds --max-episode-steps, for datasets that do not mark where episodes are
// truncated. `episodes` names the episodes in the help, such as "an episode".
void add_max_episode_steps_option(cli::OptionTable& table,
                                  int64_t& max_episode_steps,
                                  const char* episodes = "an episode");

}  // namespace gato::commands
