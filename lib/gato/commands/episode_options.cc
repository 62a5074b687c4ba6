#include "gato/commands/episode_options.h"

#include <fmt/format.h>

namespace gato::commands {

cli::Option& add_max_episode_steps_option(cli::OptionTable& table,
                                          int64_t& max_episode_steps,
                                          const char* episodes) {
  return table
      .add("max-episode-steps", &max_episode_steps,
           fmt::format(
               "Maximum length of {}, if the dataset does not mark where "
               "episodes are truncated: D4RL files without timeouts need "
               "it",
               episodes))
      .range(0, 1e12);
}

}  // namespace gato::commands
