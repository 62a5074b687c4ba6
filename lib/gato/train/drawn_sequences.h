// Sequences drawn from token files as they are read, without a packed file.
#pragma once

#include <filesystem>
#include <memory>

#include "gato/pack/packing.h"
#include "gato/train/training_data.h"

namespace gato {

// The rows that gato-pack would write for the same mixture, options and seed:
// training on either gives the same weights.
class DrawnSequences : public TrainingData {
 public:
  // `mixture`: a file of [[mixture]] tables. `sequences`: 0 are as many as
  // have room for every token. Errors: those of parse_mixture() and of Packing,
  // io; bad_input where a file cannot be read by a thread of its own.
  DrawnSequences(const std::filesystem::path& mixture,
                 const SamplerOptions& options, int64_t sequences);

  std::string label() const override { return mixture_.string(); }
  int64_t rows() const override { return packing_.sequences(); }
  int64_t length() const override { return packing_.options().length; }
  int64_t window_steps() const override {
    return packing_.options().window_steps;
  }
  const Vocabulary& vocabulary() const override {
    return packing_.corpus().vocabulary();
  }
  const TaskTable& tasks() const override { return packing_.corpus().tasks(); }
  Row row(int64_t i) const override;
  std::string place_of(int64_t i) const override;
  std::vector<TokenizedDocument> demonstrations() const override {
    return packing_.demonstrations();
  }
  void record(Provenance& provenance) const override;
  nlohmann::json fingerprint() const override;

 private:
  const std::filesystem::path mixture_;
  const std::string mixture_text_;  // read once: it may be a pipe
  const Packing packing_;
};

}  // namespace gato
