#include "gato/cli/wrap.h"

#include <sstream>

namespace gato::cli {

std::string wrap(const std::string& text, size_t indent) {
  std::istringstream lines(text);
  std::string result;
  const std::string margin(indent, ' ');
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == ' ') {
      result += (line.empty() ? "" : margin) + line + "\n";
      continue;
    }
    std::istringstream words(line);
    size_t column = 0;
    for (std::string word; words >> word;) {
      if (column > 0 && column + 1 + word.size() > 80) {
        result += "\n";
        column = 0;
      }
      result += (column == 0 ? margin : " ") + word;
      column += (column == 0 ? indent : 1) + word.size();
    }
    result += "\n";
  }
  return result;
}

}  // namespace gato::cli
