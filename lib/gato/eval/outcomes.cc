#include "gato/eval/outcomes.h"

#include <algorithm>
#include <cmath>

#include "gato/base/error.h"
#include "gato/ingest/episode_source.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

// The HDF5 file of a dataset, its data folder or itself; empty where there is
// none.
fs::path data_file(const fs::path& path) {
  for (const fs::path& file :
       {path / "data" / "main_data.hdf5", path / "main_data.hdf5", path})
    if (fs::is_regular_file(file)) return file;
  return {};
}

void find_below(const fs::path& folder, std::vector<fs::path>& found) {
  if (!data_file(folder).empty()) {
    found.push_back(folder);
    return;
  }
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory() &&
        !entry.path().filename().string().starts_with('.'))
      find_below(entry.path(), found);
}

}  // namespace

std::vector<fs::path> find_datasets(const fs::path& operand) {
  std::vector<fs::path> found;
  if (fs::is_directory(operand)) find_below(operand, found);
  if (found.empty()) return {operand};
  std::ranges::sort(found);
  return found;
}

TaskOutcomes read_outcomes(const std::filesystem::path& dataset,
                           int64_t max_episode_steps) {
  EpisodeSourceOptions options;
  options.max_episode_steps = max_episode_steps;
  const auto source = open_episodes(dataset, options);
  TaskOutcomes outcomes;
  outcomes.path = dataset;
  outcomes.file = source->file();
  outcomes.task = source->spec().name;
  outcomes.domain = source->spec().domain;
  outcomes.source = source->source();
  outcomes.provenance = source->provenance();
  for (int64_t i = 0; i < source->episodes(); ++i) {
    const Episode episode = source->episode(i);
    if (episode.failed) {
      ++outcomes.failed;
      continue;
    }
    if (episode.rewards.empty() && episode.steps() > 0)
      throw input_error("{}: episode {} has no rewards: it cannot be scored",
                        dataset.string(), episode.id);
    check_rewards(episode, dataset.string());
    outcomes.returns.push_back(
        episode.rewards.empty() ? 0 : episode.total_reward());
    if (episode.success) {
      ++outcomes.judged;
      outcomes.succeeded += *episode.success;
    }
  }
  if (outcomes.episodes() == 0)
    throw input_error("{}: holds no episodes", dataset.string());
  return outcomes;
}

}  // namespace gato
