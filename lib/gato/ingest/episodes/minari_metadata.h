// The metadata of a Minari dataset.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "gato/data/hdf5/hdf5.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/ingest/episodes/minari_files.h"

namespace gato::ingest {

struct MinariMetadata {
  data::TaskSpec spec;
  std::string agent;
  std::optional<int64_t> total_episodes, total_steps;
  std::string minari_version;  // empty if unknown
  nlohmann::json provenance;   // null if there is none
};

// Throws Error(bad_input) if a space is missing or unsupported.
MinariMetadata read_minari_metadata(const MinariFiles& files,
                                    const data::hdf5::Group& root,
                                    const EpisodeSourceOptions& options);

}  // namespace gato::ingest
