// The token file, written by gato-tokenize and read by gato-pack: an HDF5 file
// of kind "gato-tokens".
//
// N tokens, S steps, D documents, I images, U distinct patches:
//   /tokens                int32  [N]    id, or -(1+u) for row u of /patches
//   /modality              uint8  [N]    enum Modality
//   /labels                int32  [N]    only if any differs from /tokens
//   /steps/offset          int64  [S+1]  first token of each step
//   /documents/first_step  int64  [D+1]
//   /documents/task,source int32  [D]
//   /documents/return      float64 [D]   NaN if undefined
//   /images/token          int64  [I]; /images/rows,columns int16 [I]
//   /patches               uint8  [U,16,16,3]
//   /vocabulary            group: attributes of Vocabulary; `sentencepiece`
//   /tasks                 scalar UTF-8 JSON {"tasks": [...], "sources": [...]}
//   /report                scalar UTF-8 JSON {"read", "written", "skipped" ...}
//   /provenance            scalar UTF-8 JSON
// The root attributes are kind, version, oldest_version and complete = uint8 1.
// `complete` is written last; a file without it was not finished.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gato/data/provenance.h"
#include "gato/data/task.h"
#include "gato/data/tokens.h"

namespace gato::data {

// Writes a token file, which appears complete or not at all. Memory is bounded
// by one document and a table of 28 bytes per distinct patch.
class TokenFileWriter {
 public:
  TokenFileWriter(const std::filesystem::path& path, bool force,
                  const Vocabulary& vocabulary);
  ~TokenFileWriter();
  void append(const TokenizedDocument& document);
  int64_t document_count() const;
  int64_t token_count() const;
  int64_t distinct_patch_count() const;
  int64_t patch_token_count() const;
  // Writes the tasks, the provenance and the report (omitted if null), marks
  // the file complete and renames it to its final path.
  void commit(const TaskTable& tasks, const Provenance& provenance,
              const nlohmann::ordered_json& report = nullptr);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// How the patch tokens of a document are numbered when it is read:
//  - per_document: from 0 within the document, whose `patches` contains the
//    pixels;
//  - per_file: as rows of the file's /patches; pixels are not read.
enum class PatchNumbering { per_document, per_file };

// Random access to the documents of a token file. Contiguous datasets are
// mapped; others are read in slices. No dataset is loaded into memory
// completely.
class TokenFileReader {
 public:
  // Opens a file. A `group` other than "/" selects a token file that is
  // embedded in another file (/demonstrations).
  //
  // Throws Error(io) if the file is missing, and Error(bad_input) if it is of
  // another kind, incomplete, too new or corrupt: offsets that decrease, tasks
  // or sources outside their tables, or a text model that does not match its
  // digest. Patch numbers and ids are checked when a document is read;
  // Error(bad_input) is thrown if they are outside the range of /patches or of
  // their modality.
  explicit TokenFileReader(const std::filesystem::path& path,
                           const std::string& group = "/");
  ~TokenFileReader();
  TokenFileReader(TokenFileReader&&) noexcept;

  const std::filesystem::path& path() const;
  const Vocabulary& vocabulary() const;
  const TaskTable& tasks() const;
  const nlohmann::json& provenance() const;      // null if omitted
  const nlohmann::ordered_json& report() const;  // null if there is none
  bool has_labels() const;
  // Returns true if all datasets are mapped. Reading is then safe from several
  // threads.
  bool is_mapped() const;
  // Releases the pages that were read; see MappedFile::drop_pages().
  void drop_pages() const;
  // Frees the bytes of the text model. Useful if several files share one
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
  // Returns a complete document, with patches numbered per document.
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
  // Returns the pixels of row `index` of /patches,
  // 0 <= index < distinct_patch_count().
  Patch read_patch(int64_t index) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gato::data
