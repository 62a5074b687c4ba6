// Lines and other delimited text records, read from files and pipes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gato/base/error.h"
#include "gato/ingest/byte_stream.h"

namespace gato::ingest {

// Reads incrementally: memory is bounded by one record. Compressed files are
// decompressed; line numbers (from 1) and byte offsets (from 0) refer to the
// decompressed text. A leading byte order mark is dropped.
class DelimitedReader {
 public:
  // The path "-" is the standard input. Reading a record longer than
  // `max_record_bytes` throws an Error(bad_input) that ends with `advice`; the
  // records after it can still be read.
  DelimitedReader(const std::string& path, size_t max_record_bytes,
                  std::string advice = "");

  // Reads up to the next separator, which is not part of the record, or up to
  // the end of the input; an empty separator never matches. Returns false if
  // nothing is left. Throws Error(io) if the input cannot be read, or
  // Error(bad_input) if a compressed file is corrupt; nothing is left after
  // either.
  bool read_until(std::string_view separator, std::string& record);
  // Reads a line, without its terminating \n or \r\n.
  bool read_line(std::string& line);
  // Returns the next `count` bytes, or fewer at the end, without consuming
  // them. Valid until the next call. An error is reported by the next
  // read_until().
  std::string_view peek(size_t count);

  // The start of the record that was read last.
  int64_t record_line() const { return record_line_; }
  int64_t record_offset() const { return record_offset_; }
  std::string location() const;  // "FILE, line 7 (byte 1234)"
  // Returns whether any separator has been found so far.
  bool has_found_separator() const { return has_found_separator_; }
  const std::string& name() const { return stream_.name(); }
  int64_t bytes_read() const { return stream_.bytes_read(); }
  void record_input(data::Provenance& provenance) {
    stream_.record_input(provenance);
  }

 private:
  // Returns false at the end of the input, and at an error, which is kept.
  bool read_more();
  // Returns false at the end of the input. Throws an error once the complete
  // records before it have been read.
  bool fill_buffer();
  // Marks the buffer as consumed up to the index `end`.
  void consume(size_t end);
  // Consumes the rest of an oversized record, including its separator.
  void skip_rest_of_record(std::string_view separator);
  base::Error too_long_error() const;

  ByteStream stream_;
  size_t max_record_bytes_;
  std::string advice_;
  std::optional<base::Error> error_;  // to be thrown
  // Bytes read from the stream; those before consumed_ are no longer needed.
  std::string buffer_;
  size_t consumed_ = 0;
  // The position of consumed_ in the input.
  int64_t current_line_ = 1, current_offset_ = 0;
  int64_t record_line_ = 1, record_offset_ = 0;
  bool is_inside_oversized_record_ = false;
  bool has_found_separator_ = false;
};

// Returns whether the text contains nothing but white space.
bool is_blank(std::string_view text);

}  // namespace gato::ingest
