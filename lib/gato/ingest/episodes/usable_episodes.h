// Iterates over the episodes of a source that a model can be trained on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "gato/base/bad_records.h"
#include "gato/ingest/episodes/episode_source.h"

namespace gato::ingest {

// Episodes that were skipped, by reason, and how many of the others lack an end
// flag, because their last step is neither terminated nor truncated, or the
// observation after the last action.
struct EpisodeCounts {
  int64_t failed = 0, empty = 0, masked = 0;
  int64_t without_end_flag = 0, without_final_observation = 0;

  EpisodeCounts& operator+=(const EpisodeCounts& other);
};

// An episode that did not fail and has at least one step.
struct UsableEpisode {
  int64_t index = 0;  // the argument of EpisodeSource::read_episode()
  // Shared, since both usually move on to a job of another thread.
  std::shared_ptr<data::Episode> episode;
  std::shared_ptr<DeferredReads> deferred_reads;  // still to be run
};

class UsableEpisodes {
 public:
  // `source` must outlive this object.
  explicit UsableEpisodes(EpisodeSource& source);

  // Returns the next usable episode in numeric order, or no value at the end.
  // The result contains an Error(bad_input) instead if an episode cannot be
  // read, apart from its deferred reads, or has a reward that is not finite;
  // the next call continues after it. Throws all other errors.
  base::Expected<std::optional<UsableEpisode>> next();

  // Returns the counts of the episodes so far.
  const EpisodeCounts& counts() const { return counts_; }

 private:
  // Reads episode next_index_, or nothing if it is to be skipped.
  std::optional<UsableEpisode> read_next();

  EpisodeSource& source_;
  int64_t next_index_ = 0;
  EpisodeCounts counts_;
};

}  // namespace gato::ingest
