// Text documents, one after another, from a file or the standard input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gato/ingest/delimited_reader.h"

namespace gato {

struct TextSourceOptions {
  // "plain"; "jsonl", an object a line; "auto": jsonl where the name, without
  // .gz, .zst, .bz2 or .xz, ends in .jsonl or .ndjson, or is a compressed
  // .json, as C4's are; else plain.
  std::string format = "auto";
  std::string text_key = "text";  // of the objects of jsonl
  // What ends a document of plain text: "file" (nothing: one document a file),
  // "blank-lines", "lines", or any other text, which belongs to no document.
  std::string document_separator = "file";
};

// A document as it was read; text_of() makes it text, in any thread.
struct TextRecord {
  std::string content;
  std::string place;  // for messages: "FILE, line 7 (byte 1234)"
  int64_t first_byte = 0;
  std::optional<std::string> json_key;  // of an object; else plain text
};

// Error (bad_input), which names the place, for text that is not UTF-8 or a
// line that is no JSON object with the key.
std::string text_of(TextRecord record);

// Reads as it goes: memory is bounded by one document. A document has at most
// 64 MiB. White space alone is no document. Files may be compressed.
class TextSource {
 public:
  // "-" is the standard input. Error (io) where the file cannot be read.
  TextSource(const std::string& path, const TextSourceOptions& options);

  // Nothing at the end. Error (bad_input) where a compressed file is damaged:
  // then the end follows. Error (run_failed) for a document that is too long.
  std::optional<TextRecord> next();
  void record(Provenance& provenance) { reader_.record(provenance); }

 private:
  // The next document's raw text, its white space too; false at the end.
  bool read_record(TextRecord& record);
  bool read_paragraph(TextRecord& record);

  TextSourceOptions options_;
  bool is_jsonl_;
  DelimitedReader reader_;
};

}  // namespace gato
