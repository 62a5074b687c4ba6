// Sequences drawn from token files as they are read, without a packed file.
#pragma once

#include <filesystem>
#include <memory>

#include "gato/pack/packed_dataset.h"
#include "gato/train/input/training_data.h"

namespace gato::train {

// The rows that gato-pack would write for the same mixture, options and seed:
// training on either gives the same weights.
class MixtureData : public TrainingData {
 public:
  // `mixture`: a file of [[mixture]] tables. `sequences`: 0 are as many as
  // have room for every token. Errors: those of parse_mixture() and of Packing,
  // io; bad_input where a file cannot be read by a thread of its own.
  MixtureData(const std::filesystem::path& mixture,
              const pack::PackingOptions& options, int64_t sequences);

  std::string display_name() const override { return mixture_path_.string(); }
  int64_t row_count() const override { return packing_.sequences(); }
  int64_t sequence_length() const override { return packing_.options().length; }
  int64_t window_steps() const override {
    return packing_.options().window_steps;
  }
  const data::Vocabulary& vocabulary() const override {
    return packing_.corpus().vocabulary();
  }
  const data::TaskTable& tasks() const override {
    return packing_.corpus().tasks();
  }
  Row row(int64_t i) const override;
  std::string row_location(int64_t i) const override;
  std::vector<data::TokenizedDocument> demonstrations() const override {
    return packing_.demonstrations();
  }
  void record_inputs(data::Provenance& provenance) const override;
  nlohmann::json fingerprint() const override;

 private:
  const std::filesystem::path mixture_path_;
  const std::string mixture_text_;  // read once: it may be a pipe
  const pack::PackedDataset packing_;
};

}  // namespace gato::train
