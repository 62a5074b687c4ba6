// Lines and other delimited records of text, from files and pipes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gato/base/error.h"
#include "gato/ingest/archive.h"

namespace gato::ingest {

// Reads as it goes: memory is bounded by one record. Compressed files are
// decompressed; lines and bytes are counted in what comes out, from 1 and 0. A
// byte order mark at the beginning is left out.
class DelimitedReader {
 public:
  // "-" is the standard input. A record of more bytes is an Error (bad_input)
  // that ends with `advice`; the records after it can be read.
  DelimitedReader(const std::string& path, size_t max_record_bytes,
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
  int64_t record_line() const { return record_line_; }
  int64_t record_offset() const { return record_offset_; }
  std::string location() const;  // "FILE, line 7 (byte 1234)"
  // Whether any separator was found yet.
  bool has_found_separator() const { return has_found_separator_; }
  const std::string& name() const { return stream_.name(); }
  void record_input(data::Provenance& provenance) {
    stream_.record_input(provenance);
  }

 private:
  bool fill_buffer();
  // Counts what comes before `end`, a place in the buffer, as taken.
  void consume(size_t end);
  // Takes the rest of a record that is too long, its separator too.
  void skip_rest_of_record(std::string_view separator);
  base::Error too_long_error() const;

  ByteStream stream_;
  size_t max_record_bytes_;
  std::string advice_;
  std::string buffer_;  // what was read; taken up to consumed_
  size_t consumed_ = 0;
  int64_t current_line_ = 1,
          current_offset_ = 0;  // of the end of what was taken
  int64_t record_line_ = 1, record_offset_ = 0;
  bool is_inside_oversized_record_ = false;  // that is too long
  bool has_found_separator_ = false;
};

// Whether text is white space alone.
bool is_blank(std::string_view text);

}  // namespace gato::ingest
