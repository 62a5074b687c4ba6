// Rows of tokenized documents in memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gato/model/model_config.h"
#include "gato/train/input/training_data.h"

namespace gato::train {

// Training data for programs that tokenize on their own and write no files.
//
// A document becomes as many rows as it fills. Rows of an episode consist of
// complete time steps, of at most window_steps() if that is not 0. Other
// documents are divided at any token. Rows are padded at the end.
class DocumentData : public TrainingData {
 public:
  // Makes rows for a network of this configuration: with its context,
  // vocabulary, tasks and window steps. Throws Error(bad_input) if there are
  // no tokens, if the task of one is not in config.tasks, or if a time step
  // does not fit into a row.
  DocumentData(std::vector<data::TokenizedDocument> documents,
               const model::ModelConfig& config);

  std::string display_name() const override { return "documents in memory"; }
  int64_t row_count() const override { return std::ssize(rows_); }
  int64_t sequence_length() const override { return length_; }
  int64_t window_steps() const override { return window_steps_; }
  const data::Vocabulary& vocabulary() const override { return vocabulary_; }
  const data::TaskTable& tasks() const override { return tasks_; }
  Row row(int64_t i) const override;
  std::string row_location(int64_t i) const override;
  // Returns the episode with the highest return of each task.
  std::vector<data::TokenizedDocument> demonstrations() const override;
  // Adds nothing: there are no files.
  void record_inputs(data::Provenance&) const override {}
  nlohmann::json fingerprint() const override;

 private:
  struct DocumentRow {
    size_t document;  // index in documents_, which has the row's patches
    int64_t begin;    // index of its first token within the document
    data::SequenceRow row;
  };
  void add_rows(size_t document_index);
  // Returns the end of the row that begins with token `begin`.
  int64_t row_end(size_t document_index, int64_t begin) const;

  const std::vector<data::TokenizedDocument> documents_;
  const data::Vocabulary vocabulary_;
  const data::TaskTable tasks_;
  const int64_t length_, window_steps_;
  std::vector<DocumentRow> rows_;
};

}  // namespace gato::train
