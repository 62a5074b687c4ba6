// Rewrites JSON as Python's json module writes it to standard JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gato::data {

// The literals NaN, Infinity and -Infinity become strings that start with a NUL
// character, which non_finite_number() converts. So do numbers that are too
// large for a double, such as 1e400, which Python reads as infinities. An
// escaped surrogate without its counterpart, such as \ud800, becomes the
// replacement character U+FFFD.
class StandardJsonFilter {
 public:
  // Appends the rewritten text to `output`. The text may come in pieces: unless
  // `is_last`, a few bytes at its end may remain unconsumed. Returns the number
  // of bytes consumed; the caller must pass the others again, before the next
  // piece.
  size_t rewrite(std::string_view text, bool is_last, std::string& output);
  // The depth of the most deeply nested list or object so far.
  int max_depth() const { return max_depth_; }

 private:
  // Each rewrites the beginning of the text and returns its size, or returns 0
  // if that depends on what follows.
  size_t rewrite_in_string(std::string_view text, bool is_last,
                           std::string& output);
  size_t rewrite_outside_string(std::string_view text, bool is_last,
                                std::string& output);
  size_t rewrite_number(std::string_view text, bool is_last,
                        std::string& output);

  bool in_string_ = false;
  int depth_ = 0, max_depth_ = 0;
};

}  // namespace gato::data
