// Lines of the standard input, which another program or a person may write one
// at a time while waiting for what they lead to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace gato::ingest {

// Reads as little ahead as possible. Not thread-safe.
class InputLines {
 public:
  // Longer lines are errors.
  static constexpr size_t kMaxLineBytes = size_t{16} << 20;

  // `descriptor` is an open file, which stays open.
  explicit InputLines(int descriptor = 0) : descriptor_(descriptor) {}

  // Reads a line, without its terminating \n or \r\n. The last line needs no
  // \n. Blocks until there is one; returns false at the end of the input.
  // Throws Error(io) if reading fails, Error(bad_input) if a line is too long,
  // and StoppedBySignal after a signal.
  bool read_line(std::string& line);
  // Returns whether read_line() would return at once.
  bool is_ready();
  // Returns the location of the line that was read last: "standard input, line
  // 7".
  std::string location() const;

 private:
  // Returns whether the line that ends at `end`, or npos, exceeds the limit.
  bool is_too_long(size_t end) const;
  // Reads more bytes. Returns false at the end of the input.
  bool fill_buffer();

  int descriptor_;
  std::string buffer_;
  size_t begin_ = 0;     // of the bytes in buffer_ that are unread
  size_t searched_ = 0;  // buffer_[begin_, searched_) contains no \n
  bool is_at_end_ = false;
  int64_t line_number_ = 0;
};

}  // namespace gato::ingest
