// Explicit options come first, then the names in a header, then the position of
// a URL.
#include "gato/ingest/text/tsv_columns.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "gato/base/error.h"
#include "gato/base/parse_number.h"

namespace gato::ingest {
namespace {

using Cells = std::vector<std::string>;

constexpr std::array kCaptionColumnNames{"caption", "text", "title"};
constexpr std::array kUrlColumnNames{"url", "image_url"};
constexpr std::array kFileColumnNames{"image", "file", "filepath", "path",
                                      "filename"};

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Returns the first column whose name, in lower case, is one of the names.
template <class Names>
std::optional<size_t> find_named_column(const Cells& cells,
                                        const Names& names) {
  const auto found =
      std::find_if(cells.begin(), cells.end(), [&names](const auto& cell) {
        const std::string name = lower_case(cell);
        return std::find(names.begin(), names.end(), name) != names.end();
      });
  if (found == cells.end()) {
    return std::nullopt;
  }
  return static_cast<size_t>(found - cells.begin());
}

std::optional<size_t> find_column_by_url(const Cells& cells, bool wants_url) {
  const auto found = std::find_if(
      cells.begin(), cells.end(),
      [wants_url](const auto& cell) { return is_url(cell) == wants_url; });
  if (found == cells.end()) {
    return std::nullopt;
  }
  return static_cast<size_t>(found - cells.begin());
}

// Returns the index of a column that is given by number or name.
size_t resolve_column(const std::string& text, const char* option,
                      const Cells& first) {
  if (base::is_digits(text)) {
    const auto number = base::parse_number<int64_t>(text, option);
    if (number < 1) {
      throw base::usage_error("{}: columns are numbered from 1", option);
    }
    return static_cast<size_t>(number - 1);
  }
  const auto found = find_named_column(first, std::array{lower_case(text)});
  if (found) {
    return *found;
  }
  throw base::input_error("no column is named '{}' ({})", text, option);
}

bool is_column_name(const std::string& column) {
  return !column.empty() && !base::is_digits(column);
}

}  // namespace

size_t TsvColumns::last_needed() const {
  return std::max({caption, file.value_or(0), url.value_or(0)});
}

bool is_url(const std::string& cell) {
  return cell.find("://") != std::string::npos &&
         cell.find('\n') == std::string::npos;
}

TsvColumns find_tsv_columns(const std::vector<std::string>& first,
                            const std::string& caption_option,
                            const std::string& image_option) {
  TsvColumns columns;
  columns.url = find_column_by_url(first, true);
  std::optional<size_t> caption;
  const auto name = find_named_column(first, kCaptionColumnNames);
  const auto file = find_named_column(first, kFileColumnNames);
  const auto url = find_named_column(first, kUrlColumnNames);
  columns.has_header = is_column_name(caption_option) ||
                       is_column_name(image_option) ||
                       (!columns.url && name && (file || url));
  if (columns.has_header) {
    caption = name;
    columns.file = file;
    columns.url = url;
  } else if (columns.url) {
    caption = find_column_by_url(first, false);
  }
  if (!caption_option.empty()) {
    caption = resolve_column(caption_option, "--caption-column", first);
  }
  if (!image_option.empty()) {
    columns.file = resolve_column(image_option, "--image-column", first);
  }
  if (!caption && columns.file) {
    caption = *columns.file == 0 ? 1 : 0;
  }
  if (!caption) {
    throw base::input_error(
        "cannot tell which column contains the caption: name it with "
        "--caption-column, and the column of the image's path, if there is "
        "one, with --image-column");
  }
  columns.caption = *caption;
  return columns;
}

}  // namespace gato::ingest
