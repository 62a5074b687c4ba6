#include "gato/cli/standard_output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "gato/base/error.h"

namespace gato::cli {

void throw_on_stdout_error() {
  std::cout.clear();
  std::clearerr(stdout);
  std::cout.exceptions(std::ios::badbit);
}

bool is_stdout_terminal() { return isatty(STDOUT_FILENO) != 0; }

bool is_stdout_reader_gone() {
  struct pollfd descriptor {
    STDOUT_FILENO, POLLOUT, 0
  };
  return poll(&descriptor, 1, 0) == 1 && (descriptor.revents & POLLERR) != 0;
}

bool has_stdout_failed() { return std::cout.bad() || std::ferror(stdout) != 0; }

void flush_and_check_stdout() {
  std::cout.exceptions(std::ios::goodbit);
  errno = 0;
  std::cout.flush();
  bool has_failed = std::fflush(stdout) != 0 || has_stdout_failed();
  // Network file systems report a full disk only on close. A duplicate is
  // closed because code that runs at exit may still use stdout itself.
  if (const int copy = dup(STDOUT_FILENO); !has_failed && copy >= 0) {
    has_failed = close(copy) != 0;
  }
  if (!has_failed || is_stdout_reader_gone()) {
    return;
  }
  throw base::io_error("cannot write to standard output{}{}", errno ? ": " : "",
                       errno ? std::strerror(errno) : "");
}

}  // namespace gato::cli
