// Sequence file: gato-pack -> gato-train. HDF5 of kind "gato-sequences".
//
// Q sequences of L tokens; fixed-width datasets are contiguous, to be mapped:
//   /tokens   int32 [Q,L]   id, or -(1+u) for row u of /patches; 0 in padding
//   /labels   int32 [Q,L]   only where the token files have them
//   /modality uint8 [Q,L]   /local int16 [Q,L]   /interval uint8 [Q,L,4]
//   /segment  uint8 [Q,L]   which document, from 0
//   /prompt   uint8 [Q,L]   1 in the prompt
//   /task     int32 [Q]     /patches uint8 [U,16,16,3]
//   /vocabulary, /tasks, /provenance as in a token file
//   /demonstrations         a token file: one best demonstration a task; its
//                           tasks and vocabulary are links to those above
//   /report                 scalar UTF-8 JSON: what was packed
// Root attributes as in a token file, and length, window_steps (0: none).
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

// One row to write; every vector has L values.
struct SequenceRow {
  TokenRow features;            // patch tokens: patch_token(add_patch())
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

class SequenceFileWriter {
 public:
  SequenceFileWriter(const std::filesystem::path& path, bool force,
                     const SequenceFileInfo& info,
                     const Vocabulary& vocabulary);
  ~SequenceFileWriter();
  // The number of a patch in the file; equal patches have the same.
  int32_t add_patch(const Patch& patch);
  // Rows in order; exactly options.sequences of them.
  void append(const SequenceRow& row);
  // The best demonstration of each task, in the order of `tasks`.
  void commit(const TaskTable& tasks,
              const std::vector<TokenizedDocument>& demonstrations,
              const nlohmann::ordered_json& report,
              const Provenance& provenance);
  int64_t distinct_patch_count() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Views into the mapped file; valid as long as the reader lives. Rows may be
// read by several threads.
struct SequenceView {
  std::span<const int32_t> tokens, labels;  // labels: the tokens where absent
  std::span<const uint8_t> modality;
  std::span<const int16_t> local_position;
  std::span<const uint8_t> interval;  // [L,4]
  std::span<const uint8_t> segment_ids, prompt_mask;
  int32_t task_index = 0;
};

class SequenceFileReader {
 public:
  // Errors as TokenFileReader.
  explicit SequenceFileReader(const std::filesystem::path& path);
  ~SequenceFileReader();
  SequenceFileReader(SequenceFileReader&&) noexcept;

  const std::filesystem::path& path() const;
  const Vocabulary& vocabulary() const;
  const TaskTable& tasks() const;
  const nlohmann::json& provenance() const;
  const nlohmann::ordered_json& report() const;  // null where there is none
  const SequenceFileInfo& info() const;
  int64_t sequence_count() const;
  // Error (bad_input) where a value is not valid.
  SequenceView row(int64_t sequence) const;
  // Pixels of all distinct patches, [U,16,16,3].
  std::span<const uint8_t> patch_pixels() const;
  int64_t distinct_patch_count() const;
  // Empty where the file holds none.
  std::vector<TokenizedDocument> read_demonstrations() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gato::data
