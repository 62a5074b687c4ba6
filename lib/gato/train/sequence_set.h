// Sequence files read as one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "gato/train/training_data.h"

namespace gato {

// The rows of several files, one after another.
class SequenceSet : public TrainingData {
 public:
  // Error (bad_input) naming two files whose vocabularies, lengths or window
  // steps differ, or that hold no sequence at all; else as SequenceFileReader.
  explicit SequenceSet(const std::vector<std::filesystem::path>& paths);

  std::string label() const override { return files_.front().path().string(); }
  int64_t rows() const override { return first_row_.back(); }
  int64_t length() const override;
  int64_t window_steps() const override;
  const Vocabulary& vocabulary() const override;
  const TaskTable& tasks() const override { return tasks_; }
  Row row(int64_t i) const override;
  std::string place_of(int64_t i) const override;
  // The number of the file that holds a row.
  size_t file_of(int64_t row) const;
  std::vector<TokenizedDocument> demonstrations() const override;
  void record(Provenance& provenance) const override;
  nlohmann::json fingerprint() const override;

 private:
  void merge_tasks(const TaskTable& table);
  std::vector<SequenceFileReader> files_;
  std::vector<int64_t> first_row_{0};          // of each file, and the end
  std::vector<std::vector<int32_t>> task_of_;  // file, its task -> task
  TaskTable tasks_;
};

}  // namespace gato
