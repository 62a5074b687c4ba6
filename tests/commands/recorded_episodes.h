// Datasets of episodes with given returns, for tests.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/make_field.h"
#include "data/sample_documents.h"
#include "gato/ingest/episodes/minari_writer.h"

namespace gato::test {

// Writes a Minari dataset of episodes of one step, whose seeds are 0, 1 ...
// The domain is the part of the task before '/'.
inline void record_episodes(const std::filesystem::path& path,
                            const std::string& task,
                            const std::vector<double>& returns,
                            const nlohmann::json& settings = nullptr) {
  data::TaskSpec spec;
  spec.name = task;
  spec.domain = task.substr(0, task.find('/'));
  spec.settings = settings;
  spec.observation_fields = {make_field("observation", data::Role::continuous,
                                        data::DType::float32, {1})};
  spec.action_fields = {
      make_field("action", data::Role::continuous, data::DType::float32, {1})};
  std::filesystem::create_directories(path.parent_path());
  ingest::MinariWriter writer(path, false, {spec, "policy"});
  for (size_t i = 0; i < returns.size(); ++i) {
    data::Episode episode;
    episode.id = static_cast<int64_t>(i);
    episode.seed = i;
    episode.observations = {data::Array::zeros(data::DType::float32, {2, 1})};
    episode.actions = {data::Array::zeros(data::DType::float32, {1, 1})};
    episode.rewards = {returns[i]};
    episode.terminations = {1};
    episode.truncations = {0};
    writer.append(episode);
  }
  writer.commit(small_provenance());
}

}  // namespace gato::test
