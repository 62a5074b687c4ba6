// Tokenized documents as columns, with random access.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "gato/data/task.h"
#include "gato/data/tokens.h"
#include "gato/data/vocabulary.h"

namespace gato::data {

// The numbering of a document's patch tokens when it is read:
//  - per_document: from 0 within the document, whose `patches` contains the
//    pixels;
//  - per_table: as patches of the table; pixels are not read.
enum class PatchNumbering { per_document, per_table };

// A read-only table of documents of one vocabulary. The columns are those of a
// token file (TokenFileReader) or are in memory (TokenColumns::to_table). No
// function is virtual: a column is an array in either case, and only the
// columns of a file that could not be mapped are read on request.
class TokenTable {
 public:
  // The columns; defined in token_table_contents.h.
  struct Contents;
  explicit TokenTable(std::unique_ptr<Contents> contents);
  ~TokenTable();
  TokenTable(TokenTable&&) noexcept;

  // Returns the name of the table for messages: the path of a file.
  const std::string& name() const;
  const Vocabulary& vocabulary() const;
  const TaskTable& tasks() const;
  // Returns true if there are labels, which a document then has even if they
  // are equal to its tokens.
  bool has_labels() const;
  // Returns true if all columns are mapped or in memory. Reading is then safe
  // from several threads.
  bool is_in_memory() const;
  // Removes the pages of a mapped file from this process's resident memory
  // until they are read again. Safe while other threads read.
  void drop_pages() const;
  // Frees the bytes of the text model. Useful if several tables share one
  // vocabulary, because one copy is enough.
  void discard_text_model();

  int64_t document_count() const;
  int64_t token_count() const;
  int64_t step_count() const;
  int64_t distinct_patch_count() const;
  int32_t task_index(int64_t document) const;
  int32_t source_index(int64_t document) const;
  double total_reward(int64_t document) const;
  int64_t first_step(int64_t document) const;  // up to document_count()
  int64_t step_offset(int64_t step) const;     // up to step_count()
  int64_t document_length(int64_t document) const;
  // Returns a complete document, with patches numbered per document. This and
  // the functions below throw Error(bad_input) if a patch number or an id is
  // outside the range of the patches or of its modality.
  TokenizedDocument document(int64_t document) const;
  // Returns steps [first, last) of a document as a separate document.
  TokenizedDocument read_steps(
      int64_t document, int64_t first, int64_t last,
      PatchNumbering numbering = PatchNumbering::per_document) const;
  // Returns tokens [begin, end) of a document that has a single step. The range
  // is extended at either end so that no image is divided, and `begin` is set
  // to the index of the first token read.
  TokenizedDocument read_token_range(
      int64_t document, int64_t& begin, int64_t end,
      PatchNumbering numbering = PatchNumbering::per_document) const;
  // Returns the pixels of a patch, 0 <= index < distinct_patch_count().
  Patch read_patch(int64_t index) const;
  // Returns the pixels of all patches, [U,16,16,3]. Requires is_in_memory().
  std::span<const uint8_t> patch_pixels() const;

 protected:
  Contents& contents() { return *contents_; }

 private:
  std::unique_ptr<Contents> contents_;
};

}  // namespace gato::data
