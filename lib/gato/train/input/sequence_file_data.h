// Training data from packed sequence files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "gato/train/input/training_data.h"

namespace gato::train {

// The concatenated rows of several sequence files, with their task tables
// merged.
class SequenceFileData : public TrainingData {
 public:
  // Opens the files. Throws Error(bad_input) if two of them differ in
  // vocabulary, sequence length or window steps, or if there are no sequences,
  // and the errors of SequenceFileReader.
  explicit SequenceFileData(const std::vector<std::filesystem::path>& paths);

  std::string display_name() const override {
    return files_.front().path().string();
  }
  int64_t row_count() const override { return first_rows_.back(); }
  int64_t sequence_length() const override;
  int64_t window_steps() const override;
  const data::Vocabulary& vocabulary() const override;
  const data::TaskTable& tasks() const override { return tasks_; }
  Row row(int64_t i) const override;
  std::string row_location(int64_t i) const override;
  // Returns the index of the file that contains a row.
  size_t file_index(int64_t row) const;
  std::vector<data::TokenizedDocument> demonstrations() const override;
  void record_inputs(data::Provenance& provenance) const override;
  nlohmann::json fingerprint() const override;
  std::vector<std::string> file_names() const override;

 private:
  void merge_tasks(const data::TaskTable& table);
  std::vector<data::SequenceFileReader> files_;
  std::vector<int64_t> first_rows_{0};              // by file, and the end
  std::vector<std::vector<int32_t>> task_mapping_;  // file, its task -> task
  data::TaskTable tasks_;
};

}  // namespace gato::train
