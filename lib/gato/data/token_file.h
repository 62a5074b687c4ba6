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
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/data/provenance.h"
#include "gato/data/task.h"
#include "gato/data/token_table.h"
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

// The documents of a token file. Contiguous datasets are mapped; others are
// read in slices. No dataset is loaded into memory completely.
class TokenFileReader : public TokenTable {
 public:
  // Opens a file. A `group` other than "/" selects a token file that is
  // embedded in another file (/demonstrations).
  //
  // Throws Error(io) if the file is missing, and Error(bad_input) if it is of a
  // different kind, incomplete, too new or corrupt: offsets that decrease,
  // tasks or sources outside their tables, or a text model that does not match
  // its digest. Patch numbers and ids are checked when a document is read.
  explicit TokenFileReader(const std::filesystem::path& path,
                           const std::string& group = "/");

  const std::filesystem::path& path() const { return path_; }
  // Return null if the file does not contain any.
  const nlohmann::json& provenance() const { return provenance_; }
  const nlohmann::ordered_json& report() const { return report_; }

 private:
  std::filesystem::path path_;
  nlohmann::json provenance_;
  nlohmann::ordered_json report_;
};

}  // namespace gato::data
