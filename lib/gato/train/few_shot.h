// Few demonstrations as training data: episodes, tokens and sequences in one
// go.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "gato/data/provenance.h"
#include "gato/ingest/episode_source.h"
#include "gato/model/config.h"

namespace gato {

class Demonstrations {
 public:
  // A dataset of episodes, to be read as a model of this configuration reads
  // them: its vocabulary, its roles and its size of images where it knows the
  // task, its context and its windows. Errors as open_episodes.
  Demonstrations(const std::filesystem::path& dataset,
                 const ModelConfig& config);

  // Those that did not fail and have a step, by their number in the dataset.
  const std::vector<int64_t>& usable() const { return usable_; }

  // Writes `directory`/tokens.h5 and `directory`/sequences.h5, from the usable
  // episodes numbered so, and returns the path of the latter. Windows are drawn
  // from `seed`; there are at least 1,024 sequences.
  std::filesystem::path write(const std::filesystem::path& directory,
                              const std::vector<int64_t>& chosen, uint64_t seed,
                              const Provenance& provenance);

 private:
  void write_tokens(const std::filesystem::path& path,
                    const std::vector<int64_t>& chosen,
                    const Provenance& provenance);

  std::filesystem::path dataset_;
  const ModelConfig& config_;
  std::unique_ptr<EpisodeSource> source_;
  std::vector<int64_t> usable_;
};

}  // namespace gato
