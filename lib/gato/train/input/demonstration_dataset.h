// Training data for finetuning: tokenizes and packs the demonstrations of one
// task.
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
  // Opens a dataset of episodes to be encoded for a model of this
  // configuration: with its vocabulary, context and windows, and, if it knows
  // the task, with its roles of fields and its image size. `max_episode_steps`
  // and errors are those of open_episodes().
  DemonstrationDataset(const std::filesystem::path& dataset,
                       const model::ModelConfig& config,
                       int64_t max_episode_steps = 0);

  // Returns the one task of the dataset, with episode and step counts of 0.
  data::TaskTable tasks() const;
  // Reads and encodes every episode once, so that a bad one is found before
  // training begins, and warns of those that are left out. Returns the number
  // of usable episodes, which did not fail and have at least one step. Throws
  // Error(bad_input) if an episode is corrupt or cannot be encoded, or if there
  // is no usable one.
  int64_t validate();

  // Writes the usable episodes with these indices to `directory`/tokens.h5,
  // packs them into `directory`/sequences.h5 and returns the path of the
  // latter. There are at least 1,024 sequences, with windows sampled from
  // `seed`. Requires a call of validate().
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
  std::vector<int64_t> usable_episodes_;  // indices in the dataset
};

}  // namespace gato::train
