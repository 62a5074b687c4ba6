// CellParser is fed line by line, so that a quoted cell of many lines is
// scanned once.
//
// pyarrow reads a file in blocks of 1 MiB, each cut after its last line, and a
// quoted cell that is still open there ends with the block. A record that
// reaches over the end of a block is therefore marked as doubtful; where blocks
// end is known only approximately, because the file that was downloaded from
// may have had another header.
#include "gato/ingest/text/tsv_reader.h"

#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/other_formats.h"

namespace gato::ingest {
namespace {

constexpr size_t kMaxLineBytes = size_t{64} << 20;
constexpr int64_t kBlockBytes = int64_t{1} << 20;  // of pyarrow
constexpr int64_t kMaxAddedHeaderBytes = 256;

class CellParser {
 public:
  explicit CellParser(bool has_quoting) : has_quoting_(has_quoting) {}

  void add_line(std::string_view line) {
    if (state_ == State::in_quotes) {
      append('\n');
    } else {
      begin_cell();
    }
    for (size_t i = 0; i < line.size(); ++i) {
      const bool is_doubled = i + 1 < line.size() && line[i + 1] == '"';
      const bool is_last = i + 1 == line.size();
      if (add(line[i], is_doubled, is_last)) {
        ++i;
      }
    }
  }

  bool is_inside_quotes() const { return state_ == State::in_quotes; }
  // Returns whether a carriage return outside of quotes is followed by other
  // text.
  bool has_bare_carriage_return() const { return has_bare_carriage_return_; }

  std::vector<TsvCell> take_cells() {
    if (is_inside_quotes()) {
      cells_.back().is_malformed = true;
    }
    return std::move(cells_);
  }

 private:
  enum class State { cell_start, unquoted, in_quotes, after_quotes };

  // Returns whether the character and the one after it are a doubled quote.
  bool add(char character, bool is_before_quote, bool is_last) {
    TsvCell& cell = cells_.back();
    if (state_ == State::in_quotes) {
      cell.raw += character;
      if (character != '"') {
        cell.value += character;
        return false;
      }
      if (is_before_quote) {
        cell.raw += '"';
        cell.value += '"';
        return true;
      }
      state_ = State::after_quotes;
      return false;
    }
    if (character == '\t') {
      begin_cell();
      return false;
    }
    if (character == '\r') {
      if (is_last) {
        return false;  // part of the line terminator
      }
      has_bare_carriage_return_ = true;
    }
    if (state_ == State::cell_start && character == '"' && has_quoting_) {
      cell.raw += character;
      state_ = State::in_quotes;
      return false;
    }
    if (state_ == State::after_quotes) {
      cell.is_malformed = true;
    } else {
      state_ = State::unquoted;
    }
    append(character);
    return false;
  }

  void begin_cell() {
    cells_.emplace_back();
    state_ = State::cell_start;
  }
  void append(char character) {
    cells_.back().value += character;
    cells_.back().raw += character;
  }

  bool has_quoting_;
  State state_ = State::cell_start;
  bool has_bare_carriage_return_ = false;
  std::vector<TsvCell> cells_;
};

bool is_empty_line(std::string_view line) {
  return line.empty() || line == "\r";
}

bool spans_blocks(const TsvRecord& record) {
  const TsvRecord::Line& last = record.lines.back();
  const int64_t end =
      last.offset + std::ssize(last.text) + kMaxAddedHeaderBytes;
  return record.lines.front().offset / kBlockBytes != end / kBlockBytes;
}

}  // namespace

std::vector<std::string> split_at_tabs(std::string_view line) {
  std::vector<std::string> cells;
  for (size_t tab = line.find('\t'); tab != std::string_view::npos;
       tab = line.find('\t')) {
    cells.emplace_back(line.substr(0, tab));
    line.remove_prefix(tab + 1);
  }
  cells.emplace_back(line);
  return cells;
}

TsvReader::TsvReader(const std::string& path, bool has_quoting)
    : reader_(path, kMaxLineBytes), has_quoting_(has_quoting) {}

bool TsvReader::read_line(TsvRecord::Line& line) {
  if (!unread_.empty()) {
    line = std::move(unread_.front());
    unread_.pop_front();
    return true;
  }
  if (!std::exchange(has_begun_, true)) {
    is_rejected_ = true;  // in case the next line throws
    reject_other_formats(reader_.name(), reader_.peek(512));
    is_rejected_ = false;
  }
  if (is_rejected_ || !reader_.read_until("\n", line.text)) {
    return false;
  }
  const size_t carriage_return = line.text.find('\r');
  if (!reader_.has_found_separator() &&
      carriage_return < line.text.size() - 1) {
    throw base::input_error(
        "{}: its lines end with carriage returns (CR) instead of line feeds: "
        "convert it with tr '\\r' '\\n'",
        reader_.name());
  }
  line.location = reader_.location();
  line.offset = reader_.record_offset();
  return true;
}

bool TsvReader::read(TsvRecord& record) {
  record = {};
  TsvRecord::Line line;
  do {
    if (!read_line(line)) {
      return false;
    }
  } while (is_empty_line(line.text));
  CellParser parser(has_quoting_);
  parser.add_line(line.text);
  record.lines.push_back(std::move(line));
  int64_t size = std::ssize(record.lines.front().text);
  while (parser.is_inside_quotes() && size <= kBlockBytes && read_line(line)) {
    parser.add_line(line.text);
    size += std::ssize(line.text) + 1;
    record.lines.push_back(std::move(line));
  }
  if (parser.is_inside_quotes() && size > kBlockBytes) {
    // No parser of blocks finds the closing quote: the first line is a record.
    record.doubt = "a quote has no closing quote in the next MiB";
    unread_.insert(unread_.begin(),
                   std::make_move_iterator(record.lines.begin() + 1),
                   std::make_move_iterator(record.lines.end()));
    record.lines.resize(1);
    CellParser first(has_quoting_);
    first.add_line(record.lines.front().text);
    record.cells = first.take_cells();
  } else {
    record.cells = parser.take_cells();
    if (record.lines.size() > 1 && spans_blocks(record)) {
      record.doubt =
          "a quoted cell may span two of the blocks in which "
          "img2dataset reads the file";
    } else if (parser.has_bare_carriage_return()) {
      record.doubt =
          "a carriage return within a line ends a row for img2dataset";
    }
  }
  for (TsvRecord::Line& each : record.lines) {
    if (each.text.ends_with('\r')) {
      each.text.pop_back();
    }
  }
  return true;
}

}  // namespace gato::ingest
