// What a Minari dataset says about itself.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "gato/data/hdf5.h"
#include "gato/ingest/episodes/minari.h"

namespace gato::ingest {

struct MinariMetadata {
  data::TaskSpec spec;
  std::string agent;  // the agent
  std::optional<int64_t> total_episodes, total_steps;
  std::string minari_version;  // empty where it is not said
  nlohmann::json provenance;   // null where there is none
};

// Error (bad_input) where a space is missing or unsupported.
MinariMetadata read_minari_metadata(const MinariFiles& files,
                                    const data::hdf5::Group& root,
                                    const EpisodeSourceOptions& options);

}  // namespace gato::ingest
