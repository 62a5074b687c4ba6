// Columns of text for stdout: for reading, and for awk where no cell holds a
// space.
#pragma once

#include <string>
#include <vector>

namespace gato::base {

// A column with a number in it is aligned right, any other left; columns
// are two spaces apart. An empty cell is written as "-",
// control characters escaped (base/string_util.h).
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header);
  void add_row(std::vector<std::string> cells);  // as many as the header has
  std::string to_string() const;                 // lines, each ends with '\n'

 private:
  std::vector<std::vector<std::string>> rows_;  // the header first
};

}  // namespace gato::base
