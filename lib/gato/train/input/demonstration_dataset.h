// Few demonstrations as training data: episodes, tokens and sequences in one
// go.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/data/provenance.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/model/model_config.h"
#include "gato/tokenize/task_codec.h"

namespace gato::train {

class DemonstrationDataset {
 public:
  // A dataset of episodes, to be read as a model of this configuration reads
  // them: its vocabulary, its roles and its size of images where it knows the
  // task, its context and its windows. `max_episode_steps` and errors as for
  // open_episodes.
  DemonstrationDataset(const std::filesystem::path& dataset,
                       const model::ModelConfig& config,
                       int64_t max_episode_steps = 0);

  // The one task of the dataset, before any episode is read.
  data::TaskTable tasks() const;
  // Reads and encodes every episode once, so that no bad one comes to light
  // after hours of training, and tells what is left out. Returns how many are
  // usable: did not fail and have a step. Error (bad_input) where an episode is
  // damaged or no token stands for what it holds, or where none is usable.
  int64_t validate();

  // After check(): writes `directory`/tokens.h5 and `directory`/sequences.h5,
  // from the usable episodes numbered so, and returns the path of the latter.
  // Windows are drawn from `seed`; there are at least 1,024 sequences.
  std::filesystem::path pack_episodes(
      const std::filesystem::path& directory,
      const std::vector<int64_t>& episode_indices, uint64_t seed,
      const data::Provenance& provenance);

 private:
  std::string episode_location(
      const data::Episode& episode) const;  // for messages
  data::TokenizedDocument encode(const data::Episode& episode,
                                 tokenize::OutOfRangeTally& outside) const;
  void write_tokens(const std::filesystem::path& path,
                    const std::vector<int64_t>& episode_indices,
                    const data::Provenance& provenance);

  std::filesystem::path dataset_path_;
  const model::ModelConfig& config_;
  std::unique_ptr<ingest::EpisodeSource> source_;
  std::optional<tokenize::TaskCodec> codec_;
  std::vector<int64_t> usable_episodes_;  // by their number in the dataset
};

}  // namespace gato::train
