// Reads text documents from a file or the standard input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gato/ingest/delimited_reader.h"

namespace gato::ingest {

struct TextSourceOptions {
  // "plain", or "jsonl" with one object per line. "auto" is jsonl if the name,
  // without .gz, .zst, .bz2 or .xz, ends in .jsonl or .ndjson, or if it is a
  // compressed .json such as C4's; otherwise plain.
  std::string format = "auto";
  std::string text_key = "text";  // of jsonl objects
  // The end of a document of plain text: "file" (one document per file),
  // "blank-lines", "lines", or any other text, which is not part of the
  // documents and is escaped as unescape_separator() expects.
  std::string document_separator = "file";
};

// Replaces \n, \t, \r and \\ by a line feed, a tab, a carriage return and a
// backslash. Throws Error(usage) if another character, or none, follows a
// backslash.
std::string unescape_separator(const std::string& text);

// A document as it was read. Any thread can get its text with extract_text().
struct TextRecord {
  std::string content;
  std::string location;  // for messages: "FILE, line 7 (byte 1234)"
  int64_t byte_offset = 0;
  // The key of the text in the JSON object that content is; unset if content is
  // plain text.
  std::optional<std::string> json_key;
};

// Throws Error(bad_input), which names the location, if the content is not
// UTF-8 or not a JSON object with the key.
std::string extract_text(TextRecord record);

// Reads incrementally: memory is bounded by one document of at most 64 MiB.
// Blank documents are skipped. Files may be compressed; archives of other files
// are detected by their magic bytes and rejected.
class TextSource {
 public:
  // The path "-" is the standard input. Throws Error(io) if the file cannot be
  // read.
  TextSource(const std::string& path, const TextSourceOptions& options);

  // Returns the next document, or nullopt at the end. Throws Error(bad_input)
  // if a compressed file is corrupt or the input is an archive or UTF-16; the
  // next call then returns nullopt. Throws Error(bad_input) if a document is
  // too long; the next call then returns the next document.
  std::optional<TextRecord> next();
  const std::string& name() const { return reader_.name(); }
  // Returns the number of bytes read from the file so far, before
  // decompression.
  int64_t bytes_read() const { return reader_.bytes_read(); }
  // Returns whether an input that is read as plain text because of its name
  // begins like JSON lines. Known once next() has been called.
  bool looks_like_json_lines() const { return looks_like_json_lines_; }
  // Returns whether a separator other than the named ones does not occur in a
  // plain text that has a document. Known at the end.
  bool lacks_separator() const;
  // Returns whether a plain text that is divided at lines has carriage returns
  // (CR) in place of line feeds (LF), as in files of classic Mac OS. Known at
  // the end.
  bool lacks_line_feeds() const;
  void record_input(data::Provenance& provenance) {
    reader_.record_input(provenance);
  }

 private:
  // Rejects archives and UTF-16, and recognizes JSON lines, by the first bytes.
  void check_first_bytes();
  // Reads the next document, which may be blank. Returns false at the end.
  bool read_record(TextRecord& record);
  bool read_paragraph(TextRecord& record);
  void note_carriage_returns(std::string_view text);

  TextSourceOptions options_;
  bool is_jsonl_;
  DelimitedReader reader_;
  bool has_checked_first_bytes_ = false, is_rejected_ = false,
       has_documents_ = false, has_carriage_returns_ = false;
  bool looks_like_json_lines_ = false;
  bool is_inside_oversized_paragraph_ = false;
};

}  // namespace gato::ingest
