// Lines and other delimited records of text, from files and pipes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gato/base/error.h"
#include "gato/ingest/archive.h"

namespace gato {

// Reads as it goes: memory is bounded by one record. Compressed files are
// decompressed; lines and bytes are counted in what comes out, from 1 and 0. A
// byte order mark at the beginning is left out.
class DelimitedReader {
 public:
  // "-" is the standard input. A record of more bytes is an Error (bad_input)
  // that ends with `advice`; the records after it can be read.
  DelimitedReader(const std::string& path, size_t most_bytes,
                  std::string advice = "");

  // The text up to the separator, or up to the end, which is all that an empty
  // separator finds. False where nothing is left. Error (io), or (bad_input)
  // where a compressed file is damaged: then nothing is left.
  bool read_until(std::string_view separator, std::string& record);
  // A line without its end, \n or \r\n.
  bool read_line(std::string& line);
  // The next bytes, which stay to be read: `count` of them or, at the end,
  // fewer. Valid until the next call. Errors as of read_until().
  std::string_view peek(size_t count);

  // Where the record that was read last begins.
  int64_t first_line() const { return first_line_; }
  int64_t first_byte() const { return first_byte_; }
  std::string place() const;  // "FILE, line 7 (byte 1234)"
  // Whether any separator was found yet.
  bool found_separator() const { return found_separator_; }
  const std::string& name() const { return stream_.name(); }
  void record(Provenance& provenance) { stream_.record(provenance); }

 private:
  bool read_piece();
  // Counts what comes before `end`, a place in the buffer, as taken.
  void take(size_t end);
  // Takes the rest of a record that is too long, its separator too.
  void pass_over(std::string_view separator);
  Error too_long() const;

  ByteStream stream_;
  size_t most_bytes_;
  std::string advice_;
  std::string buffer_;  // what was read; taken up to begin_
  size_t begin_ = 0;
  int64_t line_ = 1, byte_ = 0;  // of the end of what was taken
  int64_t first_line_ = 1, first_byte_ = 0;
  bool is_within_record_ = false;  // that is too long
  bool found_separator_ = false;
};

// Whether text is white space alone.
bool is_blank(std::string_view text);

}  // namespace gato
