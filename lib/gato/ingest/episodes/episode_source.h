// Where episodes come from: a dataset of one task, read one episode at a time.
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
  std::string task, domain, source;         // override what the dataset says
  std::map<std::string, data::Role> roles;  // --role KEY=ROLE
  int64_t max_episode_steps = 0;            // 0: no limit known
  std::string mask;                         // of robomimic; empty: all episodes
};

class EpisodeSource {
 public:
  virtual ~EpisodeSource() = default;
  virtual const data::TaskSpec& spec() const = 0;
  virtual std::string agent() const = 0;  // the agent; may be empty
  virtual nlohmann::json provenance() const { return nullptr; }
  // The HDF5 file, for messages too.
  virtual std::filesystem::path file() const = 0;
  // What is left unread or may be misread, to be shown as warnings: of the
  // episodes that were read so far.
  virtual std::vector<std::string> warnings() const { return {}; }
  virtual int64_t episode_count() const = 0;
  // Episodes of the file that the mask leaves out.
  virtual int64_t masked_episode_count() const { return 0; }
  // Episode i in numeric order. Error (bad_input) names file, episode and key;
  // the source stays usable, so that a bad episode can be skipped.
  data::Episode read_episode(int64_t i);
  // The same, while columns of numbers may still have to be filled by `later`,
  // and then have rows without elements.
  virtual data::Episode read_partial_episode(int64_t i,
                                             DeferredReads& deferred) = 0;
};

// `path` is a Minari dataset directory, its data/ folder or its HDF5 file; or a
// file of D4RL or robomimic. The format `auto` is told from the content.
// Error (bad_input) where a name has control characters.
std::unique_ptr<EpisodeSource> open_episodes(
    const std::filesystem::path& path, const EpisodeSourceOptions& options);

}  // namespace gato::ingest
