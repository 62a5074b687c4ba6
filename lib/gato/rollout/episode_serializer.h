// The binary form of episodes in the recordings of gato-rollout control.
#pragma once

#include <string>
#include <string_view>

#include "gato/data/episode.h"

namespace gato::rollout {

// Returns the bytes of an episode. They depend only on its content.
std::string serialize_episode(const data::Episode& episode);

// Returns the episode of these bytes. Throws Error(bad_input), with a message
// that begins with `label`, if they are not those of an episode whose fields
// are `task`'s.
data::Episode parse_episode(std::string_view bytes, const data::TaskSpec& task,
                            const std::string& label);

}  // namespace gato::rollout
