#include "gato/ingest/delimited_reader.h"

#include <algorithm>
#include <utility>

#include "gato/base/error.h"

namespace gato {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

DelimitedReader::DelimitedReader(const std::string& path, size_t most_bytes,
                                 std::string advice)
    : stream_(path), most_bytes_(most_bytes), advice_(std::move(advice)) {}

bool DelimitedReader::read_until(std::string_view separator,
                                 std::string& record) {
  if (is_within_record_) pass_over(separator);
  first_line_ = line_;
  first_byte_ = byte_;
  size_t searched = begin_;  // no separator begins before here
  size_t end = std::string::npos;
  while (true) {
    if (!separator.empty()) end = buffer_.find(separator, searched);
    if (end != std::string::npos) break;
    // The last bytes may be the first of a separator.
    const size_t pending = buffer_.size() - begin_;
    const size_t kept = separator.empty() ? 0 : separator.size() - 1;
    searched = pending - std::min(pending, kept);
    if (searched > most_bytes_) {
      is_within_record_ = true;
      throw too_long();
    }
    buffer_.erase(0, begin_);
    begin_ = 0;
    if (!read_piece()) break;
  }
  const bool at_end = end == std::string::npos;
  if (at_end && begin_ == buffer_.size()) return false;
  if (at_end) end = buffer_.size();
  const bool fits = end - begin_ <= most_bytes_;
  if (fits) record.assign(buffer_, begin_, end - begin_);
  found_separator_ = found_separator_ || !at_end;
  take(at_end ? end : end + separator.size());
  if (!fits) throw too_long();
  if (first_byte_ == 0 && record.starts_with(byte_order_mark)) {
    record.erase(0, byte_order_mark.size());
    first_byte_ = byte_order_mark.size();
  }
  return true;
}

void DelimitedReader::take(size_t end) {
  line_ += std::count(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                      buffer_.begin() + static_cast<std::ptrdiff_t>(end), '\n');
  byte_ += static_cast<int64_t>(end - begin_);
  begin_ = end;
}

void DelimitedReader::pass_over(std::string_view separator) {
  is_within_record_ = false;
  do {
    if (!separator.empty()) {
      const size_t end = buffer_.find(separator, begin_);
      if (end != std::string::npos) {
        found_separator_ = true;
        return take(end + separator.size());
      }
    }
    const size_t kept = separator.empty() ? 0 : separator.size() - 1;
    take(std::max(begin_, buffer_.size() - std::min(buffer_.size(), kept)));
    buffer_.erase(0, begin_);
    begin_ = 0;
  } while (read_piece());
  take(buffer_.size());
}

std::string_view DelimitedReader::peek(size_t count) {
  while (buffer_.size() - begin_ < count && read_piece()) {
  }
  return std::string_view(buffer_).substr(begin_, count);
}

bool DelimitedReader::read_line(std::string& line) {
  const bool found = read_until("\n", line);
  if (line.ends_with('\r')) line.pop_back();
  return found;
}

bool DelimitedReader::read_piece() {
  try {
    const std::string_view bytes = stream_.read();
    buffer_ += bytes;
    return !bytes.empty();
  } catch (const Error&) {
    // What is there of the record is no whole one.
    buffer_.clear();
    begin_ = 0;
    throw;
  }
}

Error DelimitedReader::too_long() const {
  return input_error("{}: more than {} MiB without an end{}", place(),
                     most_bytes_ >> 20, advice_);
}

std::string DelimitedReader::place() const {
  return fmt::format("{}, line {} (byte {})", name(), first_line_, first_byte_);
}

}  // namespace gato
