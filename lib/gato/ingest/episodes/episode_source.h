// Reads the episodes of a dataset of one task, one at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/task.h"
#include "gato/ingest/episodes/deferred_reads.h"

namespace gato::ingest {

struct EpisodeSourceOptions {
  std::string format = "auto";              // auto | minari | d4rl | robomimic
  std::string task, domain, source;         // override those in the dataset
  std::map<std::string, data::Role> roles;  // --role KEY=ROLE
  int64_t max_episode_steps = 0;            // 0: unknown
  std::string mask;  // of robomimic; if empty, all episodes
};

class EpisodeSource {
 public:
  virtual ~EpisodeSource() = default;
  virtual const data::TaskSpec& spec() const = 0;
  virtual std::string agent() const = 0;  // may be empty
  virtual nlohmann::json provenance() const { return nullptr; }
  // Returns the path of the HDF5 file.
  virtual std::filesystem::path file() const = 0;
  // Returns warnings about what is ignored or may be misinterpreted in the
  // episodes read so far.
  virtual std::vector<std::string> warnings() const { return {}; }
  virtual int64_t episode_count() const = 0;
  // Returns the number that the dataset gives to episode i, its Episode::id.
  virtual int64_t episode_number(int64_t i) const { return i; }
  // Returns the number of episodes that the mask excludes.
  virtual int64_t masked_episode_count() const { return 0; }
  // Returns episode i in numeric order. Throws Error(bad_input), which names
  // file, episode and key; the source remains usable, so that a bad episode can
  // be skipped.
  data::Episode read_episode(int64_t i);
  // Does the same, but may leave the elements of numeric columns to `deferred`.
  // Type and shape of such a column are set.
  virtual data::Episode read_partial_episode(int64_t i,
                                             DeferredReads& deferred) = 0;
};

// Opens a Minari dataset (its directory, its data/ directory or its HDF5 file),
// a D4RL or robomimic file, or a list of episodes (selected_episodes.h). The
// format "auto" is detected from the content.
// Throws Error(bad_input) if a name contains control characters.
std::unique_ptr<EpisodeSource> open_episodes(
    const std::filesystem::path& path, const EpisodeSourceOptions& options);

}  // namespace gato::ingest
