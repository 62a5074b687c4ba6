// A child process behind pipes, every wait for it with a deadline.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gato::env {

// What a child wrote, for a message: bytes beyond ASCII and control characters
// escaped, cut after 200 bytes.
std::string quote_excerpt(std::string_view text);

// A file descriptor, closed with its owner.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { close(); }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  int fd_;
};

// The child ended, closed its stdout or did not answer in time. The message
// says which, with its exit status and the last lines of its stderr.
class ProcessError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Runs a command line by /bin/sh in a process group of its own. The whole group
// is killed when this object goes and when this process dies, however it dies.
// What the child writes to stderr is read whenever this object waits, and its
// last lines are kept.
class ChildProcess {
 public:
  using Clock = std::chrono::steady_clock;
  using Deadline = Clock::time_point;

  // Error (run_failed) where no process can be started; a command that does
  // not exist is noticed at the first read.
  explicit ChildProcess(const std::string& command);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  // Closes the child's stdin and gives it two seconds to exit by itself; then
  // SIGTERM, two seconds, SIGKILL.
  ~ChildProcess();

  // These throw ProcessFailure (after that only the destructor is of use) and,
  // where a signal asked this process to stop, Stopped (base/signals.h).
  void write(std::string_view bytes, Deadline deadline);
  // The next line without its end. At most `limit` bytes of it where it is
  // longer; the rest is then what is read next.
  std::string read_line(size_t max_bytes, Deadline deadline);
  void read(std::span<std::byte> bytes, Deadline deadline);

  // Makes the destructor begin with SIGTERM: for a child that hangs.
  void skip_grace_period() { exit_grace_period_ = std::chrono::seconds(0); }

 private:
  // Waits until something could be read, or `pending` be written in part,
  // which is then cut from its front.
  void poll_io(std::string_view* pending, Deadline deadline);
  // Drops what is `pending` where the child has answered, else fails.
  void handle_closed_pipe(std::string_view* pending);
  bool drain_stderr();  // whether there was anything
  bool wait_for_exit(Deadline deadline);
  [[noreturn]] void fail(const std::string& what);
  std::string stderr_tail() const;

  pid_t pid_ = -1;
  FileDescriptor stdin_, stdout_, stderr_;
  // The child's watchdog reads the other end: it kills the group at its end.
  FileDescriptor lifeline_;
  std::string stdout_buffer_;  // read from stdout, not yet asked for
  std::string stderr_partial_line_;
  std::deque<std::string> stderr_lines_;
  std::chrono::seconds exit_grace_period_{2};
};

}  // namespace gato::env
