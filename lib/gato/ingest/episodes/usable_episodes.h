// Iterates over the episodes of a source that a model can be trained on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "gato/ingest/episodes/episode_source.h"

namespace gato::ingest {

// Episodes that were passed over, by reason; and among the others those whose
// last step is no end: cut short, or recorded without flags.
struct EpisodeCounts {
  int64_t failed = 0, empty = 0, masked = 0, without_end_flag = 0;
};

// Calls `use` with every episode that did not fail and has a step, in numeric
// order, the number that EpisodeSource::episode gives it for, and what is then
// still to be read of it, of which errors come later. An episode that cannot be
// read so far, or holds a reward that is not finite, is an Error (bad_input),
// while which `bad` is called: to rethrow it, or to count it and go on.
void for_each_usable_episode(
    EpisodeSource& source, EpisodeCounts& counts,
    const std::function<void(int64_t number, std::shared_ptr<data::Episode>,
                             std::shared_ptr<DeferredReads>)>& on_episode,
    const std::function<void()>& on_bad_episode);

}  // namespace gato::ingest
