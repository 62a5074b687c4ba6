// Sequence files read as one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/data/sequence_file.h"

namespace gato {

// The rows of several files, one after another, with one table of tasks.
// Reading rows is safe from several threads.
class SequenceSet {
 public:
  // Error (bad_input) naming two files whose vocabularies, lengths or window
  // steps differ, or that hold no sequence at all; else as SequenceFileReader.
  explicit SequenceSet(const std::vector<std::filesystem::path>& paths);

  struct Row {
    SequenceView view;
    const SequenceFileReader* file = nullptr;  // holds the row's patches
    uint32_t file_number = 0;
    int32_t task = 0;  // index into tasks() of the set
  };

  int64_t rows() const { return first_row_.back(); }
  int64_t length() const;
  int64_t window_steps() const;
  const Vocabulary& vocabulary() const;
  const TaskTable& tasks() const { return tasks_; }
  Row row(int64_t i) const;
  // One a task where there is any, tasks numbered as in tasks().
  std::vector<TokenizedDocument> demonstrations() const;
  const std::vector<SequenceFileReader>& files() const { return files_; }
  // Tells this data from other data: what a resumed run must find again.
  nlohmann::json fingerprint() const;

 private:
  // Of up to 1,024 rows evenly through the set and the patches in them: a whole
  // reading of terabytes would delay every start.
  std::string sampled_digest() const;
  void merge_tasks(const TaskTable& table);
  std::vector<SequenceFileReader> files_;
  std::vector<int64_t> first_row_{0};          // of each file, and the end
  std::vector<std::vector<int32_t>> task_of_;  // file, its task -> task
  TaskTable tasks_;
};

}  // namespace gato
