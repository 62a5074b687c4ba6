// The columns of a table of documents while documents are added. They grow in
// temporary files and are then copied to contiguous HDF5 datasets, or grow in
// memory and then become a table.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "gato/data/hdf5/hdf5.h"
#include "gato/data/patch_table.h"
#include "gato/data/spool.h"
#include "gato/data/task.h"
#include "gato/data/token_table.h"
#include "gato/data/tokens.h"

namespace gato::data {

class TokenColumns {
 public:
  // Temporary files are created in the directory of `output`. Without an
  // output, everything is in memory.
  explicit TokenColumns(
      const std::optional<std::filesystem::path>& output = std::nullopt);
  void append(const TokenizedDocument& document);
  // Writes all datasets except /vocabulary, /tasks, /report and /provenance.
  void write(hdf5::Group& group);
  // Moves columns in memory to a table. `name` names it in messages. The
  // documents must be valid: their offsets, tasks and sources are not checked.
  TokenTable to_table(std::string name, Vocabulary vocabulary,
                      TaskTable tasks) &&;

  int64_t document_count() const { return document_count_; }
  int64_t token_count() const { return token_count_; }
  int64_t distinct_patch_count() const { return patch_table_.size(); }
  int64_t patch_token_count() const { return patch_token_count_; }

 private:
  void append_tokens(const TokenizedDocument& document);
  void append_labels(const TokenizedDocument& document,
                     const std::vector<int32_t>& stored);

  std::optional<std::filesystem::path> output_;
  Spool token_, modality_, step_offset_;
  Spool first_step_, task_, source_, total_reward_;
  Spool image_token_, image_rows_, image_columns_;
  std::unique_ptr<Spool> labels_;  // null until a label differs from its token
  PatchTable patch_table_;
  int64_t document_count_ = 0, step_count_ = 0, token_count_ = 0,
          image_count_ = 0, patch_token_count_ = 0;
};

}  // namespace gato::data
