// Rows packed from documents in memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/token_table.h"
#include "gato/model/model_config.h"
#include "gato/train/input/packed_data.h"

namespace gato::train {

// Training data for programs that tokenize by themselves and write no files.
// The rows are those that gato-pack would write for a token file of the
// documents, and a run on one can be resumed on the other.
class DocumentData : public PackedData {
 public:
  // Packs rows for a network of this configuration: with its context,
  // vocabulary, tasks and window steps. Throws Error(bad_input) if there are
  // no documents, if the task of one is not in config.tasks, or if a time step
  // does not fit into a row.
  DocumentData(const std::vector<data::TokenizedDocument>& documents,
               const model::ModelConfig& config, uint64_t seed = 0);
  // Tokenizes episodes of a task, which must be in config.tasks, and packs
  // them. Throws Error(bad_input) if one cannot be encoded, and the errors of
  // the other constructor.
  DocumentData(const std::vector<data::Episode>& episodes,
               const data::TaskSpec& task, const model::ModelConfig& config,
               uint64_t seed = 0);
  // Packs at least `min_rows` rows of documents in a table, which must be in
  // memory.
  DocumentData(const pack::DocumentSelection& selection,
               const pack::PackingOptions& options, int64_t min_rows = 0);

  std::string display_name() const override { return table_.name(); }
  int64_t row_count() const override { return row_count_; }
  // Patch tokens refer to the patches of the table.
  Row row(int64_t i) const override;
  std::string row_location(int64_t i) const override;
  // Adds nothing: there are no files.
  void record_inputs(data::Provenance&) const override {}
  nlohmann::json fingerprint() const override;

 private:
  // Returns the numbers that the patches of the table would have in a file of
  // the rows: in the order of their first use.
  std::vector<int32_t> number_patches() const;

  const data::TokenTable& table_;  // the corpus shares ownership
  const int64_t row_count_;
  const std::vector<int32_t> patch_numbers_;
};

}  // namespace gato::train
