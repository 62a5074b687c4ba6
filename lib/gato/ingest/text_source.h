// Text documents, one after another, from a file or the standard input.
#pragma once

#include <cstdint>
#include <fstream>
#include <iosfwd>
#include <optional>
#include <string>

namespace gato {

struct TextSourceOptions {
  // "plain"; "jsonl", an object a line; "auto": jsonl where the name ends in
  // .jsonl or .ndjson, else plain.
  std::string format = "auto";
  std::string text_key = "text";  // of the objects of jsonl
  // What ends a document of plain text: "file" (nothing: one document a file),
  // "blank-lines", "lines", or any other text, which belongs to no document.
  std::string document_separator = "file";
};

struct TextRecord {
  std::string text;
  std::string place;  // for messages: "FILE, line 7 (byte 1234)"
};

// Reads as it goes: memory is bounded by one document. A document has at most
// 64 MiB. White space alone is no document.
class TextSource {
 public:
  // "-" is the standard input. Error (io) where the file cannot be read.
  TextSource(const std::string& path, const TextSourceOptions& options);
  ~TextSource();

  // Nothing at the end. Error (bad_input) for text that is not UTF-8 or a line
  // that is no JSON object with the key; the next call goes on after it. Error
  // (run_failed) for a document that is too long.
  std::optional<TextRecord> next();

 private:
  // The next document's raw text, its white space too; false at the end.
  bool read_record(std::string& record);
  bool read_line(std::string& line);
  bool read_paragraph(std::string& record);
  bool read_until(const std::string& separator, std::string& record);
  bool read_chunk();
  std::string place() const;
  void check_size(size_t size) const;

  std::string path_;
  TextSourceOptions options_;
  bool is_jsonl_ = false;
  std::ifstream file_;
  std::istream* stream_;
  std::string buffer_;  // what was read; taken up to begin_
  size_t begin_ = 0;
  int64_t line_ = 0, byte_ = 0;              // of the end of what was taken
  int64_t first_line_ = 0, first_byte_ = 0;  // of the document
};

}  // namespace gato
