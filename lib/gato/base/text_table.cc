#include "gato/base/text_table.h"

#include <algorithm>
#include <cassert>

#include "gato/base/string_util.h"

namespace gato::base {
namespace {

// Returns the number of code points, which is close enough to the display width
// for names and numbers.
size_t display_width(const std::string& text) {
  return std::ranges::count_if(
      text, [](unsigned char c) { return (c & 0xc0) != 0x80; });
}

bool is_numeric(const std::string& cell) {
  return cell.find_first_of("0123456789") != std::string::npos &&
         cell.find_first_not_of("0123456789.+-eE%") == std::string::npos;
}

}  // namespace

TextTable::TextTable(std::vector<std::string> header) {
  add_row(std::move(header));
}

void TextTable::add_row(std::vector<std::string> cells) {
  assert(rows_.empty() || cells.size() == rows_.front().size());
  for (std::string& cell : cells) {
    cell = cell.empty() ? "-" : escape_control_characters(cell);
  }
  rows_.push_back(std::move(cells));
}

std::string TextTable::to_string() const {
  const size_t columns = rows_.front().size();
  std::vector<size_t> widths(columns, 0);
  std::vector<bool> is_right_aligned(columns, false);
  for (size_t r = 0; r < rows_.size(); ++r) {
    for (size_t c = 0; c < columns; ++c) {
      widths[c] = std::max(widths[c], display_width(rows_[r][c]));
      if (r > 0 && is_numeric(rows_[r][c])) {
        is_right_aligned[c] = true;
      }
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t c = 0; c < columns; ++c) {
      const std::string padding(widths[c] - display_width(row[c]), ' ');
      if (c > 0) {
        line += "  ";
      }
      if (is_right_aligned[c]) {
        line += padding;
      }
      line += row[c];
      if (!is_right_aligned[c]) {
        line += padding;
      }
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace gato::base
