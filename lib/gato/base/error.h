// The library's exception class, and the exit statuses of every program.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace gato::base {

// DO NOT CHANGE THESE VALUES: scripts and batch systems branch on them, and
// every man page documents them.
enum class ExitStatus : int {
  success = 0,
  run_failed = 1,  // the work itself failed
  usage = 2,       // options, configuration, an existing output
  bad_input = 3,   // malformed, truncated, NaN, unsupported, mismatched data
  io = 4,          // missing file, cannot read or write, disk full
  stopped_early = 75,  // EX_TEMPFAIL: checkpoint saved, submit the job again
  interrupted = 130,   // SIGINT with nothing to save
  terminated = 143,    // SIGTERM with nothing to save
};

// An error: the exit status that it leads to, and a one-line message that names
// the location (file, record, key) and the offending value and says what to do.
// The library never ends the process: cli::run() catches this exception.
class Error : public std::runtime_error {
 public:
  Error(ExitStatus status, const std::string& message)
      : std::runtime_error(message), status_(status) {}
  ExitStatus status() const { return status_; }

 private:
  ExitStatus status_;
};

// Return an Error of this status with a formatted message.
template <class... Args>
Error usage_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ExitStatus::usage, fmt::format(format, std::forward<Args>(args)...)};
}
template <class... Args>
Error input_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ExitStatus::bad_input,
          fmt::format(format, std::forward<Args>(args)...)};
}
template <class... Args>
Error io_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ExitStatus::io, fmt::format(format, std::forward<Args>(args)...)};
}
template <class... Args>
Error run_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ExitStatus::run_failed,
          fmt::format(format, std::forward<Args>(args)...)};
}

// Returns the result of `work`. If `work` throws an Error, prefixes its message
// with "CONTEXT: ".
template <class Work>
auto with_context(const std::string& context, Work work) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error(error.status(), fmt::format("{}: {}", context, error.what()));
  }
}

}  // namespace gato::base
