// Reads D4RL: one table with all episodes of a dataset, one row per step.
//
//   observations       [N,...]: numbers, images (uint8 [N,H,W,C] or compressed,
//                      see compressed_images.h) or texts
//   actions            [N,...]
//   rewards            [N] or [N,1], optional
//   terminals          [N] or [N,1]: the episode terminates after this row
//   timeouts           [N] or [N,1], optional: it is truncated after this row
//   next_observations  [N,...], optional: of the same kind
//   infos/success      [N] or [N,1], optional; also infos/is_success
//
// Other infos, metadata/ and virtual/ (parts of the same table) are not read.
// Rows after the last end form an episode that neither terminated nor was
// truncated. Old files have no timeouts: their episodes are truncated after
// EpisodeSourceOptions::max_episode_steps steps.
#pragma once

#include <filesystem>
#include <memory>

#include "gato/ingest/episodes/episode_source.h"

namespace gato::ingest {

// Both the task and the agent are named after the file, without its extension;
// the domain is "d4rl". Reads all flags at once, and everything else one
// episode at a time. Throws Error(bad_input) if the file is not a D4RL file, if
// its datasets differ in their number of rows, or if the ends of episodes are
// unknown.
std::unique_ptr<EpisodeSource> open_d4rl(const std::filesystem::path& path,
                                         const EpisodeSourceOptions& options);

}  // namespace gato::ingest
