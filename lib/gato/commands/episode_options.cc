#include "gato/commands/episode_options.h"

#include <fmt/format.h>

namespace gato::commands {

void add_max_episode_steps_option(cli::OptionTable& table,
                                  int64_t& max_episode_steps,
                                  const char* episodes) {
  table
      .add("max-episode-steps", &max_episode_steps,
           fmt::format("Time limit of {} in time steps, for datasets that do "
                       "not mark where episodes were truncated (D4RL files "
                       "without timeouts); 0: not set",
                       episodes))
      .range(0, 1e12)
      .fixed_on_resume();
}

}  // namespace gato::commands
