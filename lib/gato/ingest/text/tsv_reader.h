// Reads the records of tab-separated values with the quoting rules of CSV.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "gato/ingest/delimited_reader.h"

namespace gato::ingest {

struct TsvCell {
  // The value as CSV parsers read it: without the quotes around it, and with
  // single quotes for doubled ones.
  std::string value;
  std::string raw;  // as it is written, with all quotes
  // True if text follows the closing quote, or there is no closing quote.
  bool is_malformed = false;
};

// A line, or several lines that a quoted cell spans.
struct TsvRecord {
  struct Line {
    std::string text;
    std::string location;  // "FILE, line 7 (byte 1234)"
    int64_t offset = 0;
  };
  std::vector<Line> lines;  // not empty
  std::vector<TsvCell> cells;
  // Why pyarrow, which img2dataset reads files with, may divide the text from
  // here on into other records; empty if there is no such reason.
  std::string doubt;
};

// Splits a line at every tab, whatever its quotes.
std::vector<std::string> split_at_tabs(std::string_view line);

// Reads as pyarrow.csv does. Quotes have a meaning only at the beginning of a
// cell: such a cell ends at the next quote that is not doubled, even if that is
// on another line, and any text from there to the tab is appended to it. Empty
// lines outside of quotes are skipped. Memory is bounded by 64 MiB.
class TsvReader {
 public:
  // Unless `has_quoting`, quotes are characters like any other, and every line
  // is a record.
  TsvReader(const std::string& path, bool has_quoting);

  // Returns false at the end. Throws the same errors as
  // DelimitedReader::read_line(), and Error(bad_input) for other formats and
  // for lines that end with CR.
  bool read(TsvRecord& record);
  // The location of the line that was read last.
  std::string location() const { return reader_.location(); }
  void record_input(data::Provenance& provenance) {
    reader_.record_input(provenance);
  }

 private:
  bool read_line(TsvRecord::Line& line);

  DelimitedReader reader_;
  bool has_quoting_;
  bool has_begun_ = false, is_rejected_ = false;
  // Lines that were read in search of a closing quote that is too far away.
  std::deque<TsvRecord::Line> unread_;
};

}  // namespace gato::ingest
