// Reads Minari datasets: 0.5 (metadata.json next to main_data.hdf5) and 0.4
// (metadata as attributes of the HDF5 root).
//
//   /episode_<i>    attributes: id, total_steps, seed, gato_failed,
//                   gato_failure, gato_success
//     observations  dataset [T+1,...], or a group with one child per Dict key,
//                   or _index_0, _index_1 ... for a Tuple
//     actions       [T,...], nested in the same way
//     rewards       [T]; terminations, truncations: boolean [T]
//     infos         optional: arrays [T+1,...], [T,...]; expert_action
//
// Images may be compressed (see compressed_images.h). They are detected from
// the data, never from the metadata, which some releases of Minari do not
// write.
#pragma once

#include <filesystem>
#include <memory>

#include "gato/ingest/episodes/episode_source.h"

namespace gato::ingest {

// Opens the dataset that find_minari_files() finds. Throws the same errors, and
// Error(bad_input) if its metadata or its first episode are not as described
// above.
std::unique_ptr<EpisodeSource> open_minari(const std::filesystem::path& path,
                                           const EpisodeSourceOptions& options);

}  // namespace gato::ingest
