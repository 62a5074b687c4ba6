// Tables of text for stdout. They can be read by people, and by awk as long as
// no cell contains a space.
#pragma once

#include <string>
#include <vector>

namespace gato::base {

// A table whose columns are two spaces apart. A column that contains a number
// is right-aligned, any other left-aligned. An empty cell is written as "-",
// and control characters are escaped (base/string_util.h).
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header);
  // Adds a row, which must have as many cells as the header.
  void add_row(std::vector<std::string> cells);
  // Returns the lines of the table, each with a '\n' at its end.
  std::string to_string() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // begins with the header
};

}  // namespace gato::base
