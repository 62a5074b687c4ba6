// Reads robomimic and formats with the same layout (robosuite, MimicGen): one
// HDF5 file with one group per episode.
//
//   /data              attributes: total, env_args (JSON: env_name, env_type,
//                      env_kwargs)
//     demo_<i>         attribute num_samples = T
//       obs/<key>      [T,...]: numbers, images (uint8 [T,H,W,C] or compressed,
//                      see compressed_images.h) or texts
//       next_obs/<key> [T,...], optional: the last row is the observation after
//                      the last action
//       actions        [T,A]
//       rewards, dones [T], both optional
//   /mask/<name>       names of episodes
//
// states, model_file and what robomimic derives from the actions (actions_abs,
// action_dict, datagen_info) are not read.
#pragma once

#include <filesystem>
#include <memory>

#include "gato/ingest/episodes/episode_source.h"

namespace gato::ingest {

// The agent is named after the file, without its extension, and so is the task
// unless there is an env_name. The domain is the simulator that env_type
// denotes, or "robomimic" if it denotes none. The first episode with a step
// determines the keys. An episode without `dones` at its end counts as
// truncated. If env_kwargs says that rewards are not shaped, an episode
// succeeded if it has a positive reward. Throws Error(bad_input) if the file is
// not a robomimic file or has no episodes or observations, and Error(usage) if
// it does not contain the requested mask.
std::unique_ptr<EpisodeSource> open_robomimic(
    const std::filesystem::path& path, const EpisodeSourceOptions& options);

}  // namespace gato::ingest
