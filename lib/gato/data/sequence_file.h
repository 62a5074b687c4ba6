// The sequence file, written by gato-pack and read by gato-train: an HDF5 file
// of kind "gato-sequences".
//
// Q sequences of L tokens. Fixed-width datasets are contiguous so that they can
// be mapped:
//   /tokens   int32 [Q,L]   id, or -(1+u) for row u of /patches; 0 in padding
//   /labels   int32 [Q,L]   only if the token files have labels
//   /modality uint8 [Q,L]   /local int16 [Q,L]   /interval uint8 [Q,L,4]
//   /segment  uint8 [Q,L]   index of the document within the row, from 0
//   /prompt   uint8 [Q,L]   1 for tokens of the prompt
//   /task     int32 [Q]     /patches uint8 [U,16,16,3]
//   /vocabulary, /tasks, /provenance as in a token file
//   /demonstrations         a token file with the best demonstration of each
//                           task; its tasks and vocabulary are hard links to
//                           those above
//   /report                 scalar UTF-8 JSON: what was packed
// The root attributes are those of a token file, length (L) and window_steps
// (0 if there are no windows).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "gato/data/token_file.h"
#include "gato/data/tokens.h"

namespace gato::data {

// One row to write. Every vector has L values.
struct SequenceRow {
  TokenRow input;               // patch tokens: patch_token(add_patch())
  std::vector<int32_t> labels;  // empty, or L values
  std::vector<uint8_t> segment_ids, prompt_mask;
  int32_t task_index = 0;
};

struct SequenceFileInfo {
  int64_t sequence_count = 0;      // Q
  int32_t sequence_length = 1024;  // L
  int32_t window_steps = 0;
  bool has_labels = false;
};

// Writes a sequence file, which appears complete or not at all.
class SequenceFileWriter {
 public:
  SequenceFileWriter(const std::filesystem::path& path, bool force,
                     const SequenceFileInfo& info,
                     const Vocabulary& vocabulary);
  ~SequenceFileWriter();
  // Returns the number of a patch in the file. Equal patches share a number.
  int32_t add_patch(const Patch& patch);
  // Appends a row. Exactly info.sequence_count rows must be appended.
  void append(const SequenceRow& row);
  // Writes the rest of the file and renames it to its final path.
  // `demonstrations` contains the best demonstration of each task, in the order
  // of `tasks`.
  void commit(const TaskTable& tasks,
              const std::vector<TokenizedDocument>& demonstrations,
              const nlohmann::ordered_json& report,
              const Provenance& provenance);
  int64_t distinct_patch_count() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One row, as views into the mapped file that are valid as long as the reader
// exists.
struct SequenceView {
  std::span<const int32_t> tokens, labels;  // labels: the tokens if absent
  std::span<const uint8_t> modality;
  std::span<const int16_t> local_position;
  std::span<const uint8_t> interval;  // [L,4]
  std::span<const uint8_t> segment_ids, prompt_mask;
  int32_t task_index = 0;
};

// Reads a sequence file. Several threads may read rows at the same time.
class SequenceFileReader {
 public:
  // Throws the same errors as TokenFileReader's constructor.
  explicit SequenceFileReader(const std::filesystem::path& path);
  ~SequenceFileReader();
  SequenceFileReader(SequenceFileReader&&) noexcept;

  const std::filesystem::path& path() const;
  const Vocabulary& vocabulary() const;
  const TaskTable& tasks() const;
  const nlohmann::json& provenance() const;
  const nlohmann::ordered_json& report() const;  // null if there is none
  const SequenceFileInfo& info() const;
  int64_t sequence_count() const;
  // Returns a row. Throws Error(bad_input) if one of its values is invalid.
  SequenceView row(int64_t sequence) const;
  // Returns the pixels of all distinct patches, [U,16,16,3].
  std::span<const uint8_t> patch_pixels() const;
  int64_t distinct_patch_count() const;
  // Returns the demonstrations; empty if the file has none.
  std::vector<TokenizedDocument> read_demonstrations() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gato::data
