// Minari datasets: 0.5 (metadata.json beside main_data.hdf5) and 0.4 (metadata
// as attributes of the HDF5 root).
//
//   /episode_<i>    attributes: id, total_steps, seed, gato_failed,
//   gato_success
//     observations  dataset [T+1,...], or a group: one child a Dict key, or
//                   _index_0, _index_1 ... of a Tuple
//     actions       [T,...], nested likewise
//     rewards       [T]; terminations, truncations: boolean [T]
//     infos         optional: arrays [T+1,...], [T,...]; expert_action
//
// Images may be JPEG frames: uint8 [T+1,L] where all have the same length, else
// uint8 sequences of variable length. That is told from what is stored, never
// from the metadata, which some releases did not write.
#pragma once

#include <filesystem>
#include <memory>

#include "gato/ingest/episodes/episode_source.h"

namespace gato::ingest {

// Where the parts of a dataset lie.
struct MinariFiles {
  std::filesystem::path data;      // main_data.hdf5
  std::filesystem::path metadata;  // metadata.json; empty where there is none
  std::filesystem::path dataset_directory;  // of the dataset, for its name
};

// Error (io) where there is nothing at `path`; Error (bad_input) where it is no
// Minari dataset, or one in a storage format other than HDF5.
MinariFiles find_minari_files(const std::filesystem::path& path);

std::unique_ptr<EpisodeSource> open_minari(const std::filesystem::path& path,
                                           const EpisodeSourceOptions& options);

}  // namespace gato::ingest
