// Presents all token files of a packing run as one list of documents.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "gato/data/token_file.h"
#include "gato/data/tokens.h"
#include "gato/pack/mixture.h"

namespace gato::pack {

// The documents of all files, numbered in the order of the files. Tasks of the
// same name are one task, and sources of the same name are one source, even if
// they are in different files. Tokens are only loaded by read().
class Corpus {
 public:
  // Opens every file of the mixture once. Throws Error(bad_input) if the
  // vocabularies differ, if tasks of the same name are incompatible, or if a
  // file has documents but no tokens.
  explicit Corpus(const std::vector<MixtureEntry>& mixture);

  const std::vector<data::TokenFileReader>& files() const { return files_; }
  const data::Vocabulary& vocabulary() const {
    return files_.front().vocabulary();
  }
  const data::TaskTable& tasks() const { return tasks_; }
  // Returns whether any file has labels.
  bool has_labels() const;
  // Returns whether several threads may read at the same time, while others use
  // HDF5.
  bool is_thread_safe() const;
  // Adds the files and their own provenance.
  void record_provenance(data::Provenance& provenance) const;
  // Releases the pages that were read, so that they do not count as memory of
  // this process. They may stay in the page cache of the system.
  void release_pages() const;

  int64_t tokens() const;  // of all documents
  int64_t documents() const { return documents_; }
  struct Range {
    int64_t begin, end;  // [begin, end)
  };
  // Returns the documents of a file of the mixture.
  Range documents_in(const std::filesystem::path& file) const;

  int32_t task(int64_t document) const;
  static constexpr int32_t kUnknownSource = -1;
  // Returns the index of the agent in tasks().sources, or kUnknownSource.
  int32_t source(int64_t document) const;
  double total_reward(int64_t document) const;
  // Returns whether the task of the document has actions.
  bool is_episode(int64_t document) const;
  int64_t tokens(int64_t document) const;
  int64_t steps(int64_t document) const;
  // Returns the index within the document of the first token of a step. That of
  // step steps() is tokens().
  int64_t step_offset(int64_t document, int64_t step) const;
  // Returns the step that a token of the document belongs to.
  int64_t step_at(int64_t document, int64_t token) const;

  struct Slice {
    data::TokenizedDocument document;
    int64_t offset;  // index of its first token within the complete document
  };
  // Returns a document that contains tokens [begin, end), extended to complete
  // time steps of an episode and to complete images.
  Slice read(
      int64_t document, int64_t begin, int64_t end,
      data::PatchNumbering numbers = data::PatchNumbering::per_document) const;
  // Returns the index in files() of the file of a document. The patch indices
  // of PatchNumbering::per_file are relative to this file.
  int32_t file_index(int64_t document) const;

 private:
  struct Location {
    const data::TokenFileReader& file;
    size_t file_index;  // in files()
    int64_t document;   // within the file
  };
  Location locate(int64_t document) const;
  // Opens a file, unless it is open already.
  void add_file(const std::filesystem::path& file);
  void merge_tasks(const data::TokenFileReader& reader);

  std::vector<std::filesystem::path> paths_;  // [file], canonical
  std::vector<data::TokenFileReader> files_;
  std::vector<int64_t> first_document_;  // [file]
  int64_t documents_ = 0;
  data::TaskTable tasks_;
  // [file][index within the file]: the index in tasks_.
  std::vector<std::vector<int32_t>> task_index_, source_index_;
};

}  // namespace gato::pack
