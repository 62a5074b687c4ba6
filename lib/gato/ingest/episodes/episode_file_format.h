// Detection of the formats in which HDF5 files store episodes.
#pragma once

#include <string>

#include "gato/data/hdf5/hdf5.h"

namespace gato::ingest {

enum class EpisodeFileFormat { unknown, minari, d4rl, robomimic };

// Detects the format from the names of the objects in the file.
EpisodeFileFormat detect_episode_format(const data::hdf5::Group& root);

// Describes a file for messages: "a D4RL file", or as
// data::describe_file_kind() does if the file contains no episodes in a known
// format.
std::string describe_episode_file(const data::hdf5::Group& root);

}  // namespace gato::ingest
