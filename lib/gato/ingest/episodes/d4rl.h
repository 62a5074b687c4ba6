// D4RL: all episodes of a dataset in one table, one row a step.
//
//   observations       [N,...]
//   actions            [N,...]
//   rewards            [N] or [N,1]; unknown where missing
//   terminals          [N] or [N,1]: the episode terminates after this row
//   timeouts           [N] or [N,1], optional: it is cut after this row
//   next_observations  [N,...], optional
//   infos/success      [N] or [N,1], optional; also infos/is_success
//
// Other infos, metadata/ and virtual/ (pieces of the same table) are not read.
// Rows after the last end are an episode too, one that neither terminated nor
// was truncated. Old files have no timeouts: where an episode was cut is then
// known by EpisodeSourceOptions::max_episode_steps alone.
#pragma once

#include <filesystem>
#include <memory>

#include "gato/ingest/episodes/episode_source.h"

namespace gato::ingest {

// The task is the name of the file without its ending, as the agent is; the
// domain "d4rl". Flags are read at once, everything else an episode at a time.
// Error (bad_input) where it is no such file, where a dataset has other rows
// than the others, or where ends cannot be known.
std::unique_ptr<EpisodeSource> open_d4rl(const std::filesystem::path& path,
                                         const EpisodeSourceOptions& options);

}  // namespace gato::ingest
