// The first non-empty line decides the columns (find_columns): explicit options
// come first, then the names in a header, then the position of a URL.
#include "gato/ingest/text/tsv.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/parse_number.h"
#include "gato/ingest/delimited_reader.h"
#include "gato/ingest/utf8.h"

namespace gato::ingest {
namespace {

using Cells = std::vector<std::string>;

constexpr size_t kMaxLineBytes = size_t{64} << 20;
constexpr int64_t kRowsPerShard = 10000;  // of img2dataset
constexpr std::array kCaptionColumnNames{"caption", "text", "title"};
constexpr std::array kUrlColumnNames{"url", "image_url"};
constexpr std::array kFileColumnNames{"image", "file", "filepath", "path",
                                      "filename"};

Cells split(std::string_view line) {
  Cells cells;
  for (size_t tab = line.find('\t'); tab != std::string_view::npos;
       tab = line.find('\t')) {
    cells.emplace_back(line.substr(0, tab));
    line.remove_prefix(tab + 1);
  }
  cells.emplace_back(line);
  return cells;
}

bool is_url(const std::string& cell) {
  return cell.find("://") != std::string::npos;
}

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
  if (found == cells.end()) return std::nullopt;
  return static_cast<size_t>(found - cells.begin());
}

std::optional<size_t> find_column_by_url(const Cells& cells, bool wants_url) {
  const auto found = std::find_if(
      cells.begin(), cells.end(),
      [wants_url](const auto& cell) { return is_url(cell) == wants_url; });
  if (found == cells.end()) return std::nullopt;
  return static_cast<size_t>(found - cells.begin());
}

// Returns the last part of the path of a URL.
std::string_view url_basename(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  return url.substr(url.rfind('/') + 1);
}

std::string format_image_name(const std::string& image_name, int64_t row,
                              std::string_view url) {
  try {
    return fmt::format(fmt::runtime(image_name), fmt::arg("row", row),
                       fmt::arg("shard", row / kRowsPerShard),
                       fmt::arg("index", row % kRowsPerShard),
                       fmt::arg("name", url_basename(url)));
  } catch (const fmt::format_error& error) {
    throw base::usage_error(
        "option --image-name: '{}' is not a name with {{row}}, {{shard}}, "
        "{{index}} and {{name}}, such as {{shard:05}}/{{row:09}}.jpg: {}",
        image_name, error.what());
  }
}

// Column indices, from 0.
struct ColumnIndices {
  size_t caption = 0;
  std::optional<size_t> url, file;
  bool has_header = false;
};

bool is_number(const std::string& text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

// Returns the index of a column that is given by number or name.
size_t resolve_column(const std::string& text, const char* option,
                      const Cells& first) {
  if (is_number(text)) {
    const auto number = base::parse_number<int64_t>(text, option);
    if (number < 1) {
      throw base::usage_error("{}: columns are numbered from 1", option);
    }
    return static_cast<size_t>(number - 1);
  }
  const auto found = find_named_column(first, std::array{lower_case(text)});
  if (found) return *found;
  throw base::input_error("no column is called '{}' ({})", text, option);
}

bool is_column_name(const std::string& column) {
  return !column.empty() && !is_number(column);
}

ColumnIndices find_columns(const Cells& first, const TsvOptions& options) {
  ColumnIndices columns;
  columns.url = find_column_by_url(first, true);
  std::optional<size_t> caption;
  const auto name = find_named_column(first, kCaptionColumnNames);
  const auto file = find_named_column(first, kFileColumnNames);
  const auto url = find_named_column(first, kUrlColumnNames);
  columns.has_header = is_column_name(options.caption_column) ||
                       is_column_name(options.image_column) ||
                       (!columns.url && name && (file || url));
  if (columns.has_header) {
    caption = name;
    columns.file = file;
    columns.url = url;
  } else if (columns.url) {
    caption = find_column_by_url(first, false);
  }
  if (!options.caption_column.empty()) {
    caption = resolve_column(options.caption_column, "--caption-column", first);
  }
  if (!options.image_column.empty()) {
    columns.file =
        resolve_column(options.image_column, "--image-column", first);
  }
  if (!caption && columns.file) caption = *columns.file == 0 ? 1 : 0;
  if (!caption) {
    throw base::input_error(
        "cannot tell which column contains the caption: name it with "
        "--caption-column, and the column of the image's path, if there is "
        "one, with --image-column");
  }
  columns.caption = *caption;
  return columns;
}

class TsvSource : public ImageTextSource {
 public:
  TsvSource(const std::string& path, const TsvOptions& options)
      : options_(options), reader_(path, kMaxLineBytes) {}

  std::optional<ImageTexts> next() override {
    std::string line;
    do {
      if (!reader_.read_line(line)) return std::nullopt;
      if (line.empty()) continue;
      if (!columns_) detect_columns(line);
    } while (line.empty());
    const int64_t row = next_row_++;
    try {
      return read_row(line, row);
    } catch (const base::Error& error) {
      if (error.status() == base::ExitStatus::usage) throw;
      throw base::input_error("{}: {}", reader_.location(), error.what());
    }
  }

  void record_inputs(data::Provenance& provenance) override {
    reader_.record_input(provenance);
  }

 private:
  // Clears the line if it is a header.
  void detect_columns(std::string& line) {
    try {
      columns_ = find_columns(split(line), options_);
    } catch (const base::Error& error) {
      // Not a bad record: no other row could be read either.
      throw base::usage_error("{}: {}", reader_.location(), error.what());
    }
    if (columns_->has_header) line.clear();
  }

  ImageTexts read_row(const std::string& line, int64_t row) const {
    require_utf8(line, reader_.record_offset());
    const Cells cells = split(line);
    const size_t last_needed_column =
        std::max({columns_->caption, columns_->file.value_or(0),
                  columns_->url.value_or(0)});
    if (cells.size() <= last_needed_column) {
      throw base::input_error("{} columns, but {} are needed", cells.size(),
                              last_needed_column + 1);
    }
    const std::string url = columns_->url ? cells[*columns_->url] : "";
    const std::string file =
        columns_->file
            ? cells[*columns_->file]
            : format_image_name(options_.image_name_format, row, url);
    if (file.empty()) throw base::input_error("the path of the image is empty");
    return {stored_image_at(options_.image_root, file),
            {{cells[columns_->caption], reader_.location()}}};
  }

  TsvOptions options_;
  DelimitedReader reader_;
  std::optional<ColumnIndices> columns_;
  int64_t next_row_ = 0;
};

}  // namespace

void check_tsv_image_name_format(const std::string& image_name) {
  format_image_name(image_name, 0, "");
}

std::unique_ptr<ImageTextSource> open_tsv_captions(const std::string& path,
                                                   const TsvOptions& options) {
  return std::make_unique<TsvSource>(path, options);
}

}  // namespace gato::ingest
