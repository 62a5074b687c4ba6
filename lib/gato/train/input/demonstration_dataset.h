// Training data for fine-tuning: tokenizes the demonstrations of one task and
// samples sequences of some or all of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gato/data/provenance.h"
#include "gato/data/token_table.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/model/model_config.h"
#include "gato/tokenize/task_codec.h"
#include "gato/train/input/training_data.h"

namespace gato::train {

// A usable episode of a dataset.
struct Demonstration {
  int64_t number = 0;       // what the dataset calls it
  int64_t index = 0;        // in the dataset
  double total_reward = 0;  // NaN if unknown
};

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
  // training begins, and logs a warning about those that are left out. Returns
  // the usable episodes, which did not fail and have at least one step. Throws
  // Error(bad_input) if an episode is corrupt or cannot be encoded, or if there
  // is no usable one.
  const std::vector<Demonstration>& validate();

  // Encodes the usable episodes with these indices and keeps their tokens in
  // memory, in place of those of an earlier call. Requires a call of
  // validate().
  void load(const std::set<int64_t>& episode_indices);
  // Returns sequences of the usable episodes with these indices, which must be
  // loaded, with windows sampled from `seed`. There are at least 1,024. They
  // refer to the loaded tokens; this object must outlive them.
  std::unique_ptr<TrainingData> sample_sequences(
      const std::vector<int64_t>& episode_indices, uint64_t seed) const;

  const std::filesystem::path& path() const { return dataset_path_; }
  // Adds the file of the dataset and its own provenance.
  void record_inputs(data::Provenance& provenance) const;

 private:
  std::string episode_location(
      const data::Episode& episode) const;  // for messages
  data::TokenizedDocument encode(const data::Episode& episode,
                                 tokenize::OutOfRangeTally& outside) const;

  std::filesystem::path dataset_path_;
  const model::ModelConfig& config_;
  std::unique_ptr<ingest::EpisodeSource> source_;
  std::optional<tokenize::TaskCodec> codec_;
  std::vector<Demonstration> usable_episodes_;
  std::shared_ptr<const data::TokenTable> loaded_;
  std::map<int64_t, int64_t> loaded_documents_;  // in loaded_, by episode index
};

}  // namespace gato::train
