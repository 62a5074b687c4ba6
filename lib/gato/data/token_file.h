// Token file: gato-tokenize -> gato-pack. HDF5 of kind "gato-tokens".
//
// N tokens, S steps, D documents, I images, U distinct patches:
//   /tokens                int32  [N]    id, or -(1+u) for row u of /patches
//   /modality              uint8  [N]    enum Modality
//   /labels                int32  [N]    only if any differs from /tokens
//   /steps/offset          int64  [S+1]  first token of each step
//   /documents/first_step  int64  [D+1]
//   /documents/task,source int32  [D]
//   /documents/return      float64 [D]   NaN where it means nothing
//   /images/token          int64  [I]; /images/rows,columns int16 [I]
//   /patches               uint8  [U,16,16,3]
//   /vocabulary            group: attributes of Vocabulary; `sentencepiece`
//   /tasks                 scalar UTF-8 JSON {"tasks": [...], "sources": [...]}
//   /report                scalar UTF-8 JSON {"read", "written", "skipped" ...}
//   /provenance            scalar UTF-8 JSON
// Root attributes: kind, version, oldest_version, and complete = uint8 1, which
// is written last: a file without it was not finished.
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

// Appends documents one at a time; memory is bounded by one document and a
// table of 28 bytes a distinct patch.
class TokenFileWriter {
 public:
  TokenFileWriter(const std::filesystem::path& path, bool force,
                  const Vocabulary& vocabulary);
  ~TokenFileWriter();
  void append(const TokenizedDocument& document);
  int64_t document_count() const;
  int64_t token_count() const;
  int64_t distinct_patch_count() const;
  int64_t patch_token_count() const;  // patch tokens
  // Writes tasks, provenance and report (null: none), marks the file complete
  // and renames it.
  void commit(const TaskTable& tasks, const Provenance& provenance,
              const nlohmann::ordered_json& report = nullptr);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Random access to documents. The datasets are contiguous and mapped, or read
// by slices where a file is chunked; never loaded whole.
// How patch tokens of what is read are numbered: from 0 within the document,
// whose `patches` then holds the pixels; or as rows of the file's /patches,
// with no pixels read.
enum class PatchNumbering { per_document, per_file };

class TokenFileReader {
 public:
  // `group` reads a token file embedded in another file (/demonstrations).
  // Errors: io (missing), bad_input (another kind, incomplete, newer, damaged:
  // offsets that do not rise, tasks and sources beyond their tables, another
  // text model than the digest says; and when they are read patch numbers
  // beyond U, ids beyond those of their modality).
  explicit TokenFileReader(const std::filesystem::path& path,
                           const std::string& group = "/");
  ~TokenFileReader();
  TokenFileReader(TokenFileReader&&) noexcept;

  const std::filesystem::path& path() const;
  const Vocabulary& vocabulary() const;
  const TaskTable& tasks() const;
  const nlohmann::json& provenance() const;      // null where left out
  const nlohmann::ordered_json& report() const;  // null where there is none
  bool has_labels() const;
  // Whether all datasets are mapped: reading is then safe from several threads.
  bool is_mapped() const;
  // Lets go of the pages that were read; see Mapping::release.
  void drop_pages() const;
  // Frees the text model, of which one is enough for files of one vocabulary.
  void discard_text_model();

  int64_t document_count() const;
  int64_t token_count() const;
  int64_t step_count() const;
  int64_t distinct_patch_count() const;
  int32_t task_index(int64_t document) const;
  int32_t source_index(int64_t document) const;
  double total_reward(int64_t document) const;
  int64_t first_step(int64_t document) const;  // document may be documents()
  int64_t step_offset(int64_t step) const;     // step may be steps()
  int64_t document_length(int64_t document) const;
  // Whole; patches are numbered from 0 within the document.
  TokenizedDocument document(int64_t document) const;
  // Steps [first, last) of a document, as a document by itself.
  TokenizedDocument read_steps(
      int64_t document, int64_t first, int64_t last,
      PatchNumbering numbering = PatchNumbering::per_document) const;
  // Tokens [begin, end) of a document of one step, and the rest of an image
  // that either end cuts; `begin` becomes the place of the first token read.
  TokenizedDocument read_token_range(
      int64_t document, int64_t& begin, int64_t end,
      PatchNumbering numbering = PatchNumbering::per_document) const;
  // Pixels of row u of /patches, 0 <= u < distinct_patches().
  Patch read_patch(int64_t index) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gato::data
