// The buffer contains the unconsumed rest of the last block plus whatever was
// read to find the end of the current record. Bytes are dropped from its front
// when more input is needed. Once a record exceeds its limit, what was read of
// it is discarded, and the next call first skips the rest.
#include "gato/ingest/delimited_reader.h"

#include <algorithm>
#include <utility>

#include "gato/base/error.h"

namespace gato::ingest {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

DelimitedReader::DelimitedReader(const std::string& path,
                                 size_t max_record_bytes, std::string advice)
    : stream_(path),
      max_record_bytes_(max_record_bytes),
      advice_(std::move(advice)) {}

bool DelimitedReader::read_until(std::string_view separator,
                                 std::string& record) {
  if (is_inside_oversized_record_) {
    skip_rest_of_record(separator);
  }
  record_line_ = current_line_;
  record_offset_ = current_offset_;
  size_t searched = consumed_;  // no separator begins before this index
  size_t end = std::string::npos;
  while (true) {
    if (!separator.empty()) {
      end = buffer_.find(separator, searched);
    }
    if (end != std::string::npos) {
      break;
    }
    // The last bytes may be the beginning of a separator.
    const size_t pending = buffer_.size() - consumed_;
    const size_t kept = separator.empty() ? 0 : separator.size() - 1;
    searched = pending - std::min(pending, kept);
    if (searched > max_record_bytes_) {
      is_inside_oversized_record_ = true;
      throw too_long_error();
    }
    buffer_.erase(0, consumed_);
    consumed_ = 0;
    if (!fill_buffer()) {
      break;
    }
  }
  const bool at_end = end == std::string::npos;
  if (at_end && consumed_ == buffer_.size()) {
    return false;
  }
  if (at_end) {
    end = buffer_.size();
  }
  const bool fits = end - consumed_ <= max_record_bytes_;
  if (fits) {
    record.assign(buffer_, consumed_, end - consumed_);
  }
  has_found_separator_ = has_found_separator_ || !at_end;
  consume(at_end ? end : end + separator.size());
  if (!fits) {
    throw too_long_error();
  }
  if (record_offset_ == 0 && record.starts_with(kByteOrderMark)) {
    record.erase(0, kByteOrderMark.size());
    record_offset_ = kByteOrderMark.size();
  }
  return true;
}

void DelimitedReader::consume(size_t end) {
  current_line_ +=
      std::count(buffer_.begin() + static_cast<std::ptrdiff_t>(consumed_),
                 buffer_.begin() + static_cast<std::ptrdiff_t>(end), '\n');
  current_offset_ += static_cast<int64_t>(end - consumed_);
  consumed_ = end;
}

void DelimitedReader::skip_rest_of_record(std::string_view separator) {
  is_inside_oversized_record_ = false;
  do {
    if (!separator.empty()) {
      const size_t end = buffer_.find(separator, consumed_);
      if (end != std::string::npos) {
        has_found_separator_ = true;
        return consume(end + separator.size());
      }
    }
    const size_t kept = separator.empty() ? 0 : separator.size() - 1;
    consume(
        std::max(consumed_, buffer_.size() - std::min(buffer_.size(), kept)));
    buffer_.erase(0, consumed_);
    consumed_ = 0;
  } while (fill_buffer());
  consume(buffer_.size());
}

std::string_view DelimitedReader::peek(size_t count) {
  while (buffer_.size() - consumed_ < count && !error_ && read_more()) {
  }
  return std::string_view(buffer_).substr(consumed_, count);
}

bool DelimitedReader::read_line(std::string& line) {
  const bool found = read_until("\n", line);
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  return found;
}

bool DelimitedReader::read_more() {
  try {
    const std::string_view bytes = stream_.read();
    buffer_ += bytes;
    return !bytes.empty();
  } catch (const base::Error& error) {
    error_ = error;
    return false;
  }
}

bool DelimitedReader::fill_buffer() {
  if (!error_ && read_more()) {
    return true;
  }
  if (!error_) {
    return false;
  }
  // Discard the incomplete record.
  buffer_.clear();
  consumed_ = 0;
  throw *std::exchange(error_, std::nullopt);
}

base::Error DelimitedReader::too_long_error() const {
  return base::input_error("{}: more than {} MiB without an end{}", location(),
                           max_record_bytes_ >> 20, advice_);
}

std::string DelimitedReader::location() const {
  return fmt::format("{}, line {} (byte {})", name(), record_line_,
                     record_offset_);
}

}  // namespace gato::ingest
