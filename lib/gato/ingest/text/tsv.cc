// The first record decides the columns (find_tsv_columns). A record usually is
// one row. If a quoted cell spans lines each of which looks like a row, then
// the file was written without quoting, and the record is several rows
// (expand). The downloader read it as a single row, so only one of them can
// have an image.
#include "gato/ingest/text/tsv.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <string_view>
#include <utility>

#include "gato/base/bad_records.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/ingest/json_record.h"
#include "gato/ingest/text/tsv_columns.h"
#include "gato/ingest/text/tsv_reader.h"
#include "gato/ingest/utf8.h"

namespace gato::ingest {
namespace {

using Cells = std::vector<std::string>;

constexpr int64_t kRowsPerShard = ImageNumbering::kRowsPerShard;

// Returns the last part of the path of a URL.
std::string_view url_basename(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  return url.substr(url.rfind('/') + 1);
}

std::string format_image_name(const std::string& image_name, int64_t row,
                              int64_t first_shard, std::string_view url) {
  try {
    return fmt::format(fmt::runtime(image_name), fmt::arg("row", row),
                       fmt::arg("shard", first_shard + row / kRowsPerShard),
                       fmt::arg("index", row % kRowsPerShard),
                       fmt::arg("name", url_basename(url)));
  } catch (const fmt::format_error&) {
    throw base::usage_error(
        "option --image-name: '{}' is not a name with {{row}}, {{shard}}, "
        "{{index}} and {{name}}, such as {{shard:05}}/{{row:09}}.jpg",
        image_name);
  }
}

// Returns whether the images are numbered as img2dataset numbers them.
bool has_shard_number(const std::string& image_name) {
  return image_name.find("{shard") != std::string::npos ||
         image_name.find("{index") != std::string::npos;
}

// Returns whether the paths of images depend on the numbers of their rows.
bool has_row_number(const std::string& image_name) {
  return has_shard_number(image_name) ||
         image_name.find("{row") != std::string::npos;
}

struct Row {
  Cells cells;
  TsvRecord::Line line;  // the text that the cells were read from
  // The row number of the downloader, from 0; unset if it did not count this
  // row.
  std::optional<int64_t> number;
  // The caption as a CSV parser reads it.
  std::string parsed_caption;
};

// Returns the values of the cells, and malformed cells as they are written.
Cells take_values(std::vector<TsvCell> cells) {
  Cells values;
  for (TsvCell& cell : cells) {
    values.push_back(std::move(cell.is_malformed ? cell.raw : cell.value));
  }
  return values;
}

TsvRecord::Line join_lines(std::vector<TsvRecord::Line>& lines) {
  TsvRecord::Line joined = std::move(lines.front());
  for (size_t i = 1; i < lines.size(); ++i) {
    joined.text += '\n' + lines[i].text;
  }
  return joined;
}

// Returns the caption that img2dataset stored next to an image, if there is
// any.
std::optional<std::string> stored_caption(std::filesystem::path image) {
  try {
    if (std::filesystem::exists(image.replace_extension(".txt"))) {
      return base::read_file(image);
    }
    if (std::filesystem::exists(image.replace_extension(".json"))) {
      const nlohmann::json object = parse_json_object(base::read_file(image));
      return string_at(object, "caption");
    }
  } catch (const std::filesystem::filesystem_error&) {
  } catch (const base::Error&) {
  }
  return std::nullopt;
}

class TsvSource : public ImageTextSource {
 public:
  TsvSource(const std::string& path, const TsvOptions& options)
      : options_(options), reader_(path, options.quoting != "none") {
    if (options_.numbering == nullptr) {
      options_.numbering = std::make_shared<ImageNumbering>();
    }
  }

  std::optional<ImageTexts> next() override {
    while (rows_.empty()) {
      TsvRecord record;
      if (!read_record(record)) {
        end_file();
        return std::nullopt;
      }
      if (!columns_ && detect_columns(record)) {
        continue;
      }
      expand(record);
    }
    Row row = std::move(rows_.front());
    rows_.pop_front();
    try {
      return read_row(row);
    } catch (const base::Error& error) {
      if (error.status() == base::ExitStatus::usage) {
        throw;
      }
      throw base::input_error("{}: {}", row.line.location, error.what());
    }
  }

  void record_inputs(data::Provenance& provenance) override {
    reader_.record_input(provenance);
  }

 private:
  bool read_record(TsvRecord& record) {
    try {
      return reader_.read(record);
    } catch (const base::Error& error) {
      if (doubt_.empty()) {
        doubt_ = error.what();
      }
      throw;
    }
  }

  // Returns whether the record is a header.
  bool detect_columns(const TsvRecord& record) {
    try {
      if (record.lines.size() > 1 && options_.quoting == "auto") {
        // The first line, if it is a row by itself, decides.
        const auto columns = base::try_call([&] {
          return find_columns(split_at_tabs(record.lines.front().text));
        });
        columns_ = columns.value;
        if (!columns.error && contains_rows(record)) {
          return false;
        }
      }
      columns_ = find_columns(take_values(record.cells));
    } catch (const base::Error& error) {
      // Not a bad record: no other row could be read either.
      columns_.reset();
      throw base::usage_error("{}: {}", record.lines.front().location,
                              error.what());
    }
    return columns_->has_header;
  }

  TsvColumns find_columns(const Cells& first_row) {
    column_count_ = first_row.size();
    return find_tsv_columns(first_row, options_.caption_column,
                            options_.image_column);
  }

  bool is_numbered() const {
    return !columns_->file && has_row_number(options_.image_name_format);
  }

  // Adds the rows of a record.
  void expand(TsvRecord& record) {
    const int64_t number = next_row_++;
    const TsvRecord::Line& first = record.lines.front();
    const bool spans_lines = record.lines.size() > 1;
    if (!record.doubt.empty()) {
      set_doubt(first, record.doubt);
    }
    if (spans_lines && record.cells.size() != column_count_) {
      set_doubt(first,
                "a quoted cell spans lines, but the row has the wrong number "
                "of columns");
    }
    if (spans_lines && options_.quoting == "auto" && contains_rows(record)) {
      if (!has_shard_number(options_.image_name_format)) {
        set_doubt(first,
                  "a quoted cell spans lines: a CSV parser counts fewer rows "
                  "than lines (see --quoting)");
      }
      return add_lines(record, number);
    }
    std::string caption = columns_->caption < record.cells.size()
                              ? record.cells[columns_->caption].value
                              : "";
    Cells cells = take_values(std::move(record.cells));
    rows_.push_back({std::move(cells), join_lines(record.lines), number,
                     std::move(caption)});
  }

  // Returns whether the first and the last line are rows by themselves. They
  // are not if a writer of CSV quoted a cell with line breaks in it.
  bool contains_rows(const TsvRecord& record) const {
    const auto is_row = [this](const TsvRecord::Line& line) {
      const Cells cells = split_at_tabs(line.text);
      return cells.size() > columns_->last_needed() &&
             (!columns_->url || is_url(cells[*columns_->url]));
    };
    const auto last =
        std::find_if(record.lines.rbegin(), record.lines.rend(),
                     [](const auto& line) { return !line.text.empty(); });
    return is_row(record.lines.front()) && is_row(*last);
  }

  // Adds the lines of a record as rows. The number of the record belongs to the
  // line whose URL the downloader read.
  void add_lines(const TsvRecord& record, int64_t number) {
    const size_t url = columns_->url.value_or(0);
    bool is_number_taken = !columns_->url || url >= record.cells.size();
    for (const TsvRecord::Line& line : record.lines) {
      if (line.text.empty()) {
        continue;
      }
      Row row{split_at_tabs(line.text), line, std::nullopt, {}};
      if (!is_number_taken && url < row.cells.size() &&
          row.cells[url] == record.cells[url].value) {
        is_number_taken = true;
        row.number = number;
        if (columns_->caption < record.cells.size()) {
          row.parsed_caption = record.cells[columns_->caption].value;
        }
      }
      rows_.push_back(std::move(row));
    }
  }

  void set_doubt(const TsvRecord::Line& line, const std::string& reason) {
    if (doubt_.empty()) {
      doubt_ = fmt::format("{}: {}", line.location, reason);
    }
  }

  ImageTexts read_row(Row& row) {
    require_utf8(row.line.text, row.line.offset);
    if (row.cells.size() <= columns_->last_needed()) {
      throw base::input_error("{} columns, but {} are needed", row.cells.size(),
                              columns_->last_needed() + 1);
    }
    return {find_image(row),
            {{std::move(row.cells[columns_->caption]), row.line.location}}};
  }

  StoredImage find_image(const Row& row) {
    if (!options_.finds_images) {
      return {StoredImage::Kind::missing, "the image is not needed"};
    }
    const std::string url = columns_->url ? row.cells[*columns_->url] : "";
    if (is_numbered()) {
      return find_numbered_image(row, url);
    }
    const std::string file =
        columns_->file
            ? row.cells[*columns_->file]
            : format_image_name(options_.image_name_format, 0, 0, url);
    if (file.empty()) {
      throw base::input_error("the path of the image is empty");
    }
    return stored_image_at(options_.image_root, file);
  }

  StoredImage find_numbered_image(const Row& row, const std::string& url) {
    ImageNumbering::Root& root = numbering();
    const std::string file =
        row.number ? format_image_name(options_.image_name_format, *row.number,
                                       root.next_shard, url)
                   : "";
    if (!url.empty() && !root.urls.empty()) {
      const std::string found = root.urls.find(url, file);
      if (!found.empty()) {
        return stored_image_at(options_.image_root, found);
      }
      if (!row.number || root.urls.covers_folder_of(file)) {
        return {StoredImage::Kind::missing,
                fmt::format("no image below {} was downloaded from {}",
                            options_.image_root.string(), url)};
      }
    }
    const std::string& doubt = root.doubt.empty() ? doubt_ : root.doubt;
    if (!doubt.empty()) {
      throw base::input_error(
          "cannot determine which image belongs to this row: {}: {}", doubt,
          kNumberingAdvice);
    }
    if (!row.number) {
      return {StoredImage::Kind::missing,
              "img2dataset took this line for a part of a quoted cell and "
              "downloaded no image for it"};
    }
    StoredImage image = stored_image_at(options_.image_root, file);
    if (!image.is_missing()) {
      require_own_image(row, image, root);
    }
    return image;
  }

  // Throws Error(bad_input) if the image with the number of a row may be that
  // of another row.
  void require_own_image(const Row& row, const StoredImage& image,
                         ImageNumbering::Root& root) const {
    if (const auto caption = stored_caption(image.content)) {
      if (*caption == row.parsed_caption) {
        return;
      }
      throw base::input_error(
          "the file next to the image {} has a different caption: from this or "
          "an earlier row on, the images belong to other rows",
          image.content);
    }
    if (!root.order_doubt.empty()) {
      throw base::input_error(
          "cannot tell which image belongs to this row: {}: {}, or, if files "
          "and rows are in the order of their download, in shards of {} rows, "
          "pass --trust-row-order",
          root.order_doubt, kNumberingAdvice, kRowsPerShard);
    }
    if (root.first_unproven_row.empty()) {
      root.first_unproven_row = row.line.location;
    }
    root.has_shards = has_shard_number(options_.image_name_format);
  }

  // Returns the numbering of the images of this file.
  ImageNumbering::Root& numbering() {
    has_begun_ = true;
    return options_.numbering->at(options_.image_root);
  }

  // Moves the numbering of the root to the next file.
  void end_file() {
    if (!std::exchange(has_begun_, false)) {
      return;
    }
    ImageNumbering::Root& root = options_.numbering->at(options_.image_root);
    if (root.doubt.empty()) {
      root.doubt = doubt_;
    }
    options_.numbering->end_file(root, next_row_);
  }

  TsvOptions options_;
  TsvReader reader_;
  std::optional<TsvColumns> columns_;
  size_t column_count_ = 0;  // of the first record
  int64_t next_row_ = 0;
  // Why the numbers of rows are uncertain, with the first such row; empty if
  // they are certain.
  std::string doubt_;
  bool has_begun_ = false;  // whether the image of a row has been looked for
  std::deque<Row> rows_;    // of the last record
};

}  // namespace

void check_tsv_image_name_format(const std::string& image_name) {
  format_image_name(image_name, 0, 0, "");
}

std::unique_ptr<ImageTextSource> open_tsv_captions(const std::string& path,
                                                   const TsvOptions& options) {
  return std::make_unique<TsvSource>(path, options);
}

}  // namespace gato::ingest
