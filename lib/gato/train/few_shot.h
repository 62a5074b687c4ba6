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
#include "gato/ingest/episode_source.h"
#include "gato/model/config.h"
#include "gato/tokenize/encoder.h"

namespace gato {

class Demonstrations {
 public:
  // A dataset of episodes, to be read as a model of this configuration reads
  // them: its vocabulary, its roles and its size of images where it knows the
  // task, its context and its windows. `max_episode_steps` and errors as for
  // open_episodes.
  Demonstrations(const std::filesystem::path& dataset,
                 const ModelConfig& config, int64_t max_episode_steps = 0);

  // The one task of the dataset, before any episode is read.
  TaskTable tasks() const;
  // Reads and encodes every episode once, so that no bad one comes to light
  // after hours of training, and tells what is left out. Returns how many are
  // usable: did not fail and have a step. Error (bad_input) where an episode is
  // damaged or no token stands for what it holds, or where none is usable.
  int64_t check();

  // After check(): writes `directory`/tokens.h5 and `directory`/sequences.h5,
  // from the usable episodes numbered so, and returns the path of the latter.
  // Windows are drawn from `seed`; there are at least 1,024 sequences.
  std::filesystem::path write(const std::filesystem::path& directory,
                              const std::vector<int64_t>& chosen, uint64_t seed,
                              const Provenance& provenance);

 private:
  std::string place_of(const Episode& episode) const;  // for messages
  TokenizedDocument encode(const Episode& episode, OutsideTally& outside) const;
  void write_tokens(const std::filesystem::path& path,
                    const std::vector<int64_t>& chosen,
                    const Provenance& provenance);

  std::filesystem::path dataset_;
  const ModelConfig& config_;
  std::unique_ptr<EpisodeSource> source_;
  Resize resize_;
  std::optional<TextEncoder> text_;
  std::optional<StepEncoder> encoder_;
  std::vector<int64_t> usable_;  // by their number in the dataset
};

}  // namespace gato
