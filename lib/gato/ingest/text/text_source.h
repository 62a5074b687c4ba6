// Text documents, one after another, from a file or the standard input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gato/ingest/delimited_reader.h"

namespace gato::ingest {

struct TextSourceOptions {
  // "plain"; "jsonl", an object a line; "auto": jsonl where the name, without
  // .gz, .zst, .bz2 or .xz, ends in .jsonl or .ndjson, or is a compressed
  // .json, as C4's are; else plain.
  std::string format = "auto";
  std::string text_key = "text";  // of the objects of jsonl
  // What ends a document of plain text: "file" (nothing: one document a file),
  // "blank-lines", "lines", or any other text, which belongs to no document
  // and is written as unescape_separator() reads it.
  std::string document_separator = "file";
};

// The text that a separator stands for: \n, \t, \r and \\ in it are a line
// end, a tabulator, a carriage return and a backslash. Error (usage) where
// another character, or none, follows a backslash.
std::string unescape_separator(const std::string& text);

// A document as it was read; text_of() makes it text, in any thread.
struct TextRecord {
  std::string content;
  std::string location;  // for messages: "FILE, line 7 (byte 1234)"
  int64_t byte_offset = 0;
  std::optional<std::string> json_key;  // of an object; else plain text
};

// Error (bad_input), which names the place, for text that is not UTF-8 or a
// line that is no JSON object with the key.
std::string extract_text(TextRecord record);

// Reads as it goes: memory is bounded by one document. A document has at most
// 64 MiB. White space alone is no document. Files may be compressed; archives
// of other files, told by their first bytes, are refused.
class TextSource {
 public:
  // "-" is the standard input. Error (io) where the file cannot be read.
  TextSource(const std::string& path, const TextSourceOptions& options);

  // Nothing at the end. Error (bad_input) where a compressed file is damaged
  // or the input is an archive: then the end follows. Error (bad_input) for a
  // document that is too long: then the next one follows.
  std::optional<TextRecord> next();
  const std::string& name() const { return reader_.name(); }
  // Whether an input that is plain text by its name alone begins as JSON lines
  // do. Known once next() was called.
  bool looks_like_json_lines() const { return looks_like_json_lines_; }
  // Whether a separator other than the named ones occurs nowhere in a plain
  // text that has a document. Known at the end.
  bool lacks_separator() const;
  void record_input(data::Provenance& provenance) {
    reader_.record_input(provenance);
  }

 private:
  // Looks at the first bytes.
  void check_first_bytes();
  // The next document's raw text, its white space too; false at the end.
  bool read_record(TextRecord& record);
  bool read_paragraph(TextRecord& record);

  TextSourceOptions options_;
  bool is_jsonl_;
  DelimitedReader reader_;
  bool has_checked_first_bytes_ = false, is_rejected_ = false,
       has_documents_ = false;
  bool looks_like_json_lines_ = false;
  bool is_inside_oversized_paragraph_ = false;  // that is too long
};

}  // namespace gato::ingest
