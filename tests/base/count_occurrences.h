// Counting of a substring in what a program has written.
#pragma once

#include <cstddef>
#include <string>

namespace gato::test {

// Returns the number of positions at which `part`, which is not empty, occurs.
inline size_t count_occurrences(const std::string& text,
                                const std::string& part) {
  size_t count = 0;
  for (size_t position = text.find(part); position != std::string::npos;
       position = text.find(part, position + 1)) {
    ++count;
  }
  return count;
}

}  // namespace gato::test
