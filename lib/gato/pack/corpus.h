// All token files of a packing run as one numbered set of documents.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "gato/data/token_file.h"
#include "gato/data/tokens.h"
#include "gato/pack/mixture.h"

namespace gato::pack {

// Documents are numbered over the files in the order they were opened; tasks
// and sources of equal name are one, whatever file they stand in. Nothing is
// loaded but what read() returns.
class Corpus {
 public:
  // Opens every file of the mixture once. Errors (bad_input): two vocabularies,
  // two meanings of one task name, a file without tokens.
  explicit Corpus(const std::vector<MixtureEntry>& mixture);

  const std::vector<data::TokenFileReader>& files() const { return files_; }
  const data::Vocabulary& vocabulary() const {
    return files_.front().vocabulary();
  }
  const data::TaskTable& tasks() const { return tasks_; }
  bool has_labels() const;  // any file has
  // Whether several threads may read at a time, beside other work with HDF5.
  bool is_thread_safe() const;
  // Adds the files and what they come from.
  void record_provenance(data::Provenance& provenance) const;
  // Lets go of the pages that were read; the system may keep them.
  void release_pages() const;

  int64_t tokens() const;  // of all files
  int64_t documents() const { return documents_; }
  // Documents of a file of the mixture: [first, last).
  struct Range {
    int64_t begin, end;
  };
  Range documents_in(const std::filesystem::path& file) const;

  int32_t task(int64_t document) const;
  static constexpr int32_t unknown_source = -1;
  int32_t source(int64_t document) const;  // number of the agent, or unknown
  double total_reward(int64_t document) const;
  // By the task: an episode has actions.
  bool is_episode(int64_t document) const;
  int64_t tokens(int64_t document) const;
  int64_t steps(int64_t document) const;
  // First token of a step, counted within the document; steps() gives tokens().
  int64_t step_offset(int64_t document, int64_t step) const;
  // The step that a token of the document belongs to.
  int64_t step_at(int64_t document, int64_t token) const;

  // A document by itself that holds tokens [begin, end), widened to whole steps
  // of an episode and to whole images, and where its first token stands.
  struct Slice {
    data::TokenizedDocument document;
    int64_t offset;
  };
  Slice read(
      int64_t document, int64_t begin, int64_t end,
      data::PatchNumbering numbers = data::PatchNumbering::per_document) const;
  // Place of the document's file in files(): what PatchNumbering::per_file
  // number.
  int32_t file_index(int64_t document) const;

 private:
  struct Location {
    const data::TokenFileReader& file;
    size_t file_index;  // of the file
    int64_t document;   // within the file
  };
  Location locate(int64_t document) const;
  void merge_tasks(const data::TokenFileReader& reader);

  std::vector<std::filesystem::path> paths_;  // canonical, one a reader
  std::vector<data::TokenFileReader> files_;
  std::vector<int64_t> first_document_;  // one a file
  int64_t documents_ = 0;
  data::TaskTable tasks_;
  std::vector<std::vector<int32_t>> task_index_,
      source_index_;  // [file][own number]
};

}  // namespace gato::pack
