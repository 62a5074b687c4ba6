// Sequences that are packed from token files on the fly.
#pragma once

#include <filesystem>
#include <string>

#include "gato/train/input/packed_data.h"

namespace gato::train {

// Training data with the rows that gato-pack would write for the same mixture,
// options and seed. Training on either gives the same weights.
class MixtureData : public PackedData {
 public:
  // Reads `mixture`, a file of [[mixture]] tables. If `sequences` is 0, there
  // are just enough for every token. Throws Error(io) if the file cannot be
  // read, Error(bad_input) if a token file cannot be read by several threads,
  // and the errors of parse_mixture() and PackedDataset.
  MixtureData(const std::filesystem::path& mixture,
              const pack::PackingOptions& options, int64_t sequences);

  std::string display_name() const override { return mixture_path_.string(); }
  Row row(int64_t i) const override;
  std::string row_location(int64_t i) const override;
  void record_inputs(data::Provenance& provenance) const override;
  nlohmann::json fingerprint() const override;
  // Returns the first token file of each entry of the mixture.
  std::vector<std::string> file_names() const override;

 private:
  MixtureData(const std::filesystem::path& mixture, std::string mixture_text,
              const pack::PackingOptions& options, int64_t sequences);

  const std::filesystem::path mixture_path_;
  const std::string mixture_text_;  // read once: it may be a pipe
};

}  // namespace gato::train
