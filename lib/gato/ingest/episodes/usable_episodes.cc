#include "gato/ingest/episodes/usable_episodes.h"

#include <utility>

#include "gato/base/error.h"

namespace gato::ingest {
namespace {

bool lacks_end_flag(const data::Episode& episode) {
  return !episode.terminations.back() && !episode.truncations.back();
}

}  // namespace

void for_each_usable_episode(
    EpisodeSource& source, EpisodeCounts& counts,
    const std::function<void(int64_t number, std::shared_ptr<data::Episode>,
                             std::shared_ptr<DeferredReads>)>& on_episode,
    const std::function<void()>& on_bad_episode) {
  counts.masked += source.masked_episode_count();
  for (int64_t i = 0; i < source.episode_count(); ++i) {
    auto episode = std::make_shared<data::Episode>();
    auto deferred = std::make_shared<DeferredReads>();
    try {
      *episode = source.read_partial_episode(i, *deferred);
      if (!episode->failed)
        data::require_finite_rewards(*episode, source.file().string());
    } catch (const base::Error& error) {
      if (error.status() != base::ExitStatus::bad_input) throw;
      on_bad_episode();
      continue;
    }
    if (episode->failed) {
      ++counts.failed;
    } else if (episode->step_count() == 0) {
      ++counts.empty;
    } else {
      counts.without_end_flag += lacks_end_flag(*episode);
      on_episode(i, std::move(episode), std::move(deferred));
    }
  }
}

}  // namespace gato::ingest
