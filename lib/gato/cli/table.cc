#include "gato/cli/table.h"

#include <algorithm>
#include <cassert>

#include "gato/base/one_line.h"

namespace gato::cli {
namespace {

// Code points, which is close enough to columns for names and numbers.
size_t width_of(const std::string& text) {
  return std::ranges::count_if(
      text, [](unsigned char c) { return (c & 0xc0) != 0x80; });
}

bool is_number(const std::string& cell) {
  return cell.find_first_of("0123456789") != std::string::npos &&
         cell.find_first_not_of("0123456789.+-eE%") == std::string::npos;
}

}  // namespace

Table::Table(std::vector<std::string> header) { add(std::move(header)); }

void Table::add(std::vector<std::string> cells) {
  assert(rows_.empty() || cells.size() == rows_.front().size());
  for (std::string& cell : cells) cell = cell.empty() ? "-" : one_line(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  const size_t columns = rows_.front().size();
  std::vector<size_t> widths(columns, 0);
  std::vector<bool> is_right(columns, false);
  for (size_t r = 0; r < rows_.size(); ++r) {
    for (size_t c = 0; c < columns; ++c) {
      widths[c] = std::max(widths[c], width_of(rows_[r][c]));
      if (r > 0 && is_number(rows_[r][c])) is_right[c] = true;
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t c = 0; c < columns; ++c) {
      const std::string gap(widths[c] - width_of(row[c]), ' ');
      if (c > 0) line += "  ";
      if (is_right[c]) line += gap;
      line += row[c];
      if (!is_right[c]) line += gap;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace gato::cli
