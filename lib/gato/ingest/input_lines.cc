#include "gato/ingest/input_lines.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "gato/base/error.h"
#include "gato/base/signals.h"

namespace gato::ingest {

bool InputLines::read_line(std::string& line) {
  size_t end = buffer_.find('\n', searched_);
  while (end == std::string::npos && !is_too_long(end) && fill_buffer()) {
    end = buffer_.find('\n', searched_);
  }
  if (is_too_long(end)) {
    ++line_number_;
    throw base::input_error("{}: is longer than {} MiB", location(),
                            kMaxLineBytes >> 20);
  }
  if (end == std::string::npos && begin_ == buffer_.size()) {
    return false;
  }
  line = buffer_.substr(begin_, end == std::string::npos ? end : end - begin_);
  begin_ = std::min(end, buffer_.size() - 1) + 1;
  searched_ = begin_;
  ++line_number_;
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  return true;
}

bool InputLines::is_too_long(size_t end) const {
  return std::min(end, buffer_.size()) - begin_ > kMaxLineBytes;
}

bool InputLines::fill_buffer() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  searched_ = buffer_.size();
  std::array<char, 65536> bytes;
  while (!is_at_end_) {
    base::throw_if_stopped();
    const ssize_t count = read(descriptor_, bytes.data(), bytes.size());
    if (count > 0) {
      buffer_.append(bytes.data(), static_cast<size_t>(count));
      return true;
    }
    if (count < 0 && errno != EINTR) {
      throw base::io_error("standard input: cannot read: {}",
                           std::strerror(errno));
    }
    is_at_end_ = count == 0;
  }
  return false;
}

bool InputLines::is_ready() {
  const auto has_line = [this] {
    const size_t end = buffer_.find('\n', searched_);
    return is_at_end_ || end != std::string::npos || is_too_long(end);
  };
  struct pollfd descriptor {
    descriptor_, POLLIN, 0
  };
  // The bytes that have arrived may be less than a line.
  while (!has_line()) {
    if (poll(&descriptor, 1, 0) <= 0) {
      return false;
    }
    fill_buffer();
  }
  return true;
}

std::string InputLines::location() const {
  return fmt::format("standard input, line {}", line_number_);
}

}  // namespace gato::ingest
