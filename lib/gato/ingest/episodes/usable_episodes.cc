#include "gato/ingest/episodes/usable_episodes.h"

#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/episodes/hdf5_columns.h"

namespace gato::ingest {
namespace {

bool lacks_end_flag(const data::Episode& episode) {
  return !episode.terminations.back() && !episode.truncations.back();
}

bool lacks_final_observation(const data::Episode& episode) {
  return !episode.observations.empty() &&
         row_count(episode.observations.front()) == episode.step_count();
}

}  // namespace

EpisodeCounts& EpisodeCounts::operator+=(const EpisodeCounts& other) {
  failed += other.failed;
  empty += other.empty;
  masked += other.masked;
  without_end_flag += other.without_end_flag;
  without_final_observation += other.without_final_observation;
  return *this;
}

UsableEpisodes::UsableEpisodes(EpisodeSource& source) : source_(source) {
  counts_.masked = source.masked_episode_count();
}

base::Expected<std::optional<UsableEpisode>> UsableEpisodes::next() {
  while (next_index_ < source_.episode_count()) {
    try {
      if (auto usable = read_next()) {
        return {std::move(usable), nullptr};
      }
    } catch (const base::Error& error) {
      if (error.status() != base::ExitStatus::bad_input) {
        throw;
      }
      return {std::nullopt, std::current_exception()};
    }
  }
  return {};
}

std::optional<UsableEpisode> UsableEpisodes::read_next() {
  UsableEpisode usable{next_index_++, std::make_shared<data::Episode>(),
                       std::make_shared<DeferredReads>()};
  data::Episode& episode = *usable.episode;
  episode = source_.read_partial_episode(usable.index, *usable.deferred_reads);
  if (episode.failed) {
    ++counts_.failed;
    return std::nullopt;
  }
  data::require_finite_rewards(episode, source_.file().string());
  if (episode.step_count() == 0) {
    ++counts_.empty;
    return std::nullopt;
  }
  counts_.without_end_flag += lacks_end_flag(episode);
  counts_.without_final_observation += lacks_final_observation(episode);
  return usable;
}

}  // namespace gato::ingest
