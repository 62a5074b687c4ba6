// Presents the documents of a packing run as one list, whether they are in
// token files or in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "gato/data/token_file.h"
#include "gato/data/token_table.h"
#include "gato/data/tokens.h"
#include "gato/pack/mixture.h"

namespace gato::pack {

// Some documents of a table, in any order. Several selections can share a
// table.
struct DocumentSelection {
  std::shared_ptr<const data::TokenTable> table;
  std::vector<int64_t> documents;  // indices in the table
};

// The documents of all tables, numbered in the order of the tables. A table is
// a token file or is in memory. Tasks of the same name are one task, and
// sources of the same name are one source, even if they are in different
// tables. Tokens are only loaded by read().
class Corpus {
 public:
  // Opens every file of the mixture once. Throws Error(bad_input) if the
  // vocabularies differ, if tasks of the same name are incompatible, or if a
  // file has documents but no tokens.
  explicit Corpus(const std::vector<MixtureEntry>& mixture);
  // Presents the selected documents, numbered in the order of the selection.
  // Throws Error(bad_input) if there are none, or if they have no tokens.
  explicit Corpus(DocumentSelection selection);

  const data::TokenTable& table(int32_t index) const { return *tables_[index]; }
  int32_t table_count() const { return static_cast<int32_t>(tables_.size()); }
  const data::Vocabulary& vocabulary() const {
    return tables_.front()->vocabulary();
  }
  // The counts of the tasks are those of the documents of the corpus.
  const data::TaskTable& tasks() const { return tasks_; }
  // Returns whether any table has labels.
  bool has_labels() const;
  // Returns whether several threads may read at the same time, while others use
  // HDF5.
  bool is_thread_safe() const;
  // Adds the token files and their own provenance.
  void record_provenance(data::Provenance& provenance) const;
  // Releases the pages that were read, so that they do not count as resident
  // memory of this process. They may stay in the page cache of the system.
  void release_pages() const;

  int64_t tokens() const;  // of all documents
  int64_t documents() const { return documents_; }
  struct Range {
    int64_t begin, end;  // [begin, end)
  };
  // Returns the documents of an entry of the mixture, a range per file. An
  // entry without files has all documents, as a selection does.
  std::vector<Range> documents_of(const MixtureEntry& entry) const;

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
  // Returns the index of the table of a document. The patch indices of
  // PatchNumbering::per_table are relative to this table.
  int32_t table_index(int64_t document) const;

 private:
  struct Location {
    const data::TokenTable& table;
    size_t table_index;
    int64_t document;  // within the table
  };
  Location locate(int64_t document) const;
  // Opens a file, unless it is open already.
  void add_file(const std::filesystem::path& file);
  void add_table(std::shared_ptr<const data::TokenTable> table,
                 int64_t documents);
  void merge_tasks(const data::TokenTable& table);
  // Sets the counts of the tasks to those of the selected documents.
  void count_selected_steps();

  // The token files: the tables, unless those are in memory.
  std::vector<std::shared_ptr<const data::TokenFileReader>> files_;
  std::vector<std::filesystem::path> paths_;  // [file], canonical
  std::vector<std::shared_ptr<const data::TokenTable>> tables_;
  std::vector<int64_t> first_document_;  // [table]
  // The selected documents of the only table. If empty, all of all tables.
  std::vector<int64_t> selection_;
  int64_t documents_ = 0;
  data::TaskTable tasks_;
  // [table][index within the table]: the index in tasks_.
  std::vector<std::vector<int32_t>> task_index_, source_index_;
};

}  // namespace gato::pack
