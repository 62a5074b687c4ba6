#include "gato/eval/dataset_outcomes.h"

#include <algorithm>
#include <cmath>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/data/json_fields.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/ingest/episodes/minari_files.h"

namespace gato::eval {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Minari writes them to metadata.json, and wrote them to attributes of the HDF5
// file up to version 0.4.
void read_minari_references(const data::hdf5::Group& root,
                            DatasetOutcomes& outcomes) {
  outcomes.min_reference = root.number_attribute("ref_min_score");
  outcomes.max_reference = root.number_attribute("ref_max_score");
  outcomes.reference_episodes =
      root.integer_attribute("num_episodes_average_score");
  const fs::path metadata_file =
      outcomes.hdf5_file.parent_path() / ingest::kMinariMetadataFile;
  std::error_code ignored;
  if (outcomes.hdf5_file.filename() != ingest::kMinariDataFile ||
      !fs::exists(metadata_file, ignored)) {
    return;
  }
  base::with_context(metadata_file.string(), [&] {
    const json metadata =
        data::parse_lenient_json(base::read_file(metadata_file));
    if (data::has_value(metadata, "ref_min_score")) {
      outcomes.min_reference = data::number_at(metadata, "ref_min_score");
    }
    if (data::has_value(metadata, "ref_max_score")) {
      outcomes.max_reference = data::number_at(metadata, "ref_max_score");
    }
    if (data::has_value(metadata, "num_episodes_average_score")) {
      outcomes.reference_episodes =
          data::integer_at(metadata, "num_episodes_average_score");
    }
  });
}

EpisodeOutcome make_outcome(const data::Episode& episode,
                            const std::string& label) {
  EpisodeOutcome outcome;
  outcome.id = episode.id;
  outcome.seed = episode.seed;
  outcome.failed = episode.failed;
  outcome.failure = episode.failure;
  outcome.success = episode.success;
  if (episode.failed) {
    return outcome;
  }
  if (episode.rewards.empty() && episode.step_count() > 0) {
    throw base::input_error(
        "{}: episode {} has no rewards, so it cannot be scored", label,
        episode.id);
  }
  data::require_finite_rewards(episode, label);
  outcome.total_reward = episode.rewards.empty() ? 0 : episode.total_reward();
  return outcome;
}

}  // namespace

int64_t DatasetOutcomes::failed_count() const {
  return std::ranges::count_if(episodes, &EpisodeOutcome::failed);
}

int64_t DatasetOutcomes::success_report_count() const {
  return std::ranges::count_if(episodes, [](const EpisodeOutcome& episode) {
    return !episode.failed && episode.success.has_value();
  });
}

int64_t DatasetOutcomes::success_count() const {
  return std::ranges::count_if(episodes, [](const EpisodeOutcome& episode) {
    return !episode.failed && episode.success.value_or(false);
  });
}

std::vector<double> DatasetOutcomes::values(Metric metric) const {
  std::vector<double> values;
  for (const EpisodeOutcome& episode : episodes) {
    if (!episode.failed) {
      values.push_back(episode_value(episode, metric));
    }
  }
  return values;
}

double episode_value(const EpisodeOutcome& episode, Metric metric) {
  return metric == Metric::success ? episode.success.value_or(false)
                                   : episode.total_reward;
}

DatasetOutcomes read_dataset_outcomes(const fs::path& dataset,
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
  outcomes.settings = source->spec().settings;
  const data::hdf5::Group root = data::hdf5::open_file(source->file());
  outcomes.latency =
      json::parse(root.text_attribute("gato_latency").value_or("null"), nullptr,
                  /*allow_exceptions=*/false);
  if (!outcomes.latency.is_object()) {
    outcomes.latency = nullptr;
  }
  read_minari_references(root, outcomes);
  for (int64_t i = 0; i < source->episode_count(); ++i) {
    // The elements of observations and actions are not read.
    ingest::DeferredReads unused;
    outcomes.episodes.push_back(make_outcome(
        source->read_partial_episode(i, unused), dataset.string()));
  }
  if (outcomes.episodes.empty()) {
    throw base::input_error("{}: contains no episodes", dataset.string());
  }
  return outcomes;
}

}  // namespace gato::eval
