#include "gato/eval/dataset_outcomes.h"

#include <cmath>

#include "gato/base/error.h"
#include "gato/ingest/episodes/episode_source.h"

namespace gato::eval {
DatasetOutcomes read_dataset_outcomes(const std::filesystem::path& dataset,
                                      int64_t max_episode_steps) {
  ingest::EpisodeSourceOptions options;
  options.max_episode_steps = max_episode_steps;
  const auto source = ingest::open_episodes(dataset, options);
  DatasetOutcomes outcomes;
  outcomes.path = dataset;
  outcomes.hdf5_file = source->file();
  outcomes.task = source->spec().name;
  outcomes.domain = source->spec().domain;
  outcomes.agent = source->agent();
  outcomes.provenance = source->provenance();
  for (int64_t i = 0; i < source->episode_count(); ++i) {
    const data::Episode episode = source->read_episode(i);
    if (episode.failed) {
      ++outcomes.failed;
      continue;
    }
    if (episode.rewards.empty() && episode.step_count() > 0) {
      throw base::input_error(
          "{}: episode {} has no rewards, so it cannot be scored",
          dataset.string(), episode.id);
    }
    data::require_finite_rewards(episode, dataset.string());
    outcomes.returns.push_back(
        episode.rewards.empty() ? 0 : episode.total_reward());
    if (episode.success) {
      ++outcomes.with_success_flag;
      outcomes.succeeded += *episode.success;
    }
  }
  if (outcomes.episodes() == 0) {
    throw base::input_error("{}: contains no episodes", dataset.string());
  }
  return outcomes;
}

}  // namespace gato::eval
