#include "gato/ingest/whole_episodes.h"

#include <utility>

#include "gato/base/error.h"

namespace gato {
namespace {

bool is_unfinished(const Episode& episode) {
  return !episode.terminations.back() && !episode.truncations.back();
}

}  // namespace

void for_each_whole_episode(
    EpisodeSource& source, EpisodeCounts& counts,
    const std::function<void(int64_t number, std::shared_ptr<Episode>,
                             std::shared_ptr<DeferredReads>)>& use,
    const std::function<void()>& bad) {
  counts.masked += source.masked();
  for (int64_t i = 0; i < source.episodes(); ++i) {
    auto episode = std::make_shared<Episode>();
    auto later = std::make_shared<DeferredReads>();
    try {
      *episode = source.partial_episode(i, *later);
      if (!episode->failed) check_rewards(*episode, source.file().string());
    } catch (const Error& error) {
      if (error.status() != ExitStatus::bad_input) throw;
      bad();
      continue;
    }
    if (episode->failed) {
      ++counts.failed;
    } else if (episode->steps() == 0) {
      ++counts.empty;
    } else {
      counts.unfinished += is_unfinished(*episode);
      use(i, std::move(episode), std::move(later));
    }
  }
}

}  // namespace gato
