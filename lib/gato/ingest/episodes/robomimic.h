// robomimic, and what shares its layout (robosuite, MimicGen): one HDF5 file,
// one group an episode.
//
//   /data              attributes: total, env_args (JSON: env_name, env_type,
//                      env_kwargs)
//     demo_<i>         attribute num_samples = T
//       obs/<key>      [T,...]: numbers, images uint8 [T,H,W,C], or texts
//       next_obs/<key> [T,...], optional: the last row is the observation after
//                      the last action
//       actions        [T,A]
//       rewards, dones [T], both optional
//   /mask/<name>       names of episodes
//
// Not read: states, model_file, and what robomimic derives from the actions
// (actions_abs, action_dict, datagen_info).
#pragma once

#include <filesystem>
#include <memory>

#include "gato/ingest/episodes/episode_source.h"

namespace gato::ingest {

// The task is env_name, else the name of the file without its ending, as the
// agent is; the domain is the simulator that env_type names, else "robomimic".
// Keys are those of the first episode. An episode that `dones` does not end was
// truncated. Where env_kwargs says that rewards are not shaped, an episode with
// a reward above zero succeeded, and one without did not. Error (bad_input)
// where it is no such file, holds no episode, or no observations; Error (usage)
// where it has no mask of that name.
std::unique_ptr<EpisodeSource> open_robomimic(
    const std::filesystem::path& path, const EpisodeSourceOptions& options);

}  // namespace gato::ingest
