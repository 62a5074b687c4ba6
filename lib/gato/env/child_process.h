// A child process connected by pipes. Every wait for it has a deadline.
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
#include <vector>

namespace gato::env {

// An owned file descriptor: the destructor closes it.
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

// Thrown if the child ended, closed its stdout or did not answer in time. The
// message says which, with the exit status and the last lines of stderr.
class ProcessError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Runs a command line with /bin/sh in its own process group. The entire group
// is killed when this object is destroyed or this process dies, even by
// SIGKILL. The child's stderr is drained whenever this object waits, and its
// last lines are kept for error messages. Not thread-safe.
class ChildProcess {
 public:
  using Clock = std::chrono::steady_clock;
  using Deadline = Clock::time_point;

  // Throws Error(run_failed) if no process can be started. A command that does
  // not exist is only detected by the first read. `variables`, of the form
  // NAME=VALUE, replace or join those of this process in the child's
  // environment.
  explicit ChildProcess(const std::string& command,
                        const std::vector<std::string>& variables = {});
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  // Closes the child's stdin and gives the child two seconds to exit. Then
  // sends SIGTERM, waits two more seconds, and sends SIGKILL.
  ~ChildProcess();

  // write, read_line and read throw StoppedBySignal (base/signals.h) if a
  // signal asked this process to stop, and ProcessError if the child fails.
  // After a ProcessError the object can only be destroyed.
  void write(std::string_view bytes, Deadline deadline);
  // Returns the next line without its newline. If the line is longer than
  // `max_bytes`, returns its first `max_bytes` bytes; the next read continues
  // after them.
  std::string read_line(size_t max_bytes, Deadline deadline);
  // Blocks until `bytes` is full.
  void read(std::span<std::byte> bytes, Deadline deadline);

  // Makes the destructor send SIGTERM at once, for a child that hangs.
  void skip_grace_period() { exit_grace_period_ = std::chrono::seconds(0); }

 private:
  // Waits until something was read, a part of `pending` was written or half a
  // second has passed. Removes what was written from the front of `pending`,
  // which is null when there is nothing to write.
  void poll_io(std::string_view* pending, Deadline deadline);
  // Called when the child has closed a pipe. Discards `pending` if the child
  // has answered nevertheless; otherwise throws ProcessError.
  void handle_closed_pipe(std::string_view* pending);
  // Reads what stderr has. Returns false if there was nothing.
  bool drain_stderr();
  // Returns whether the child has exited. Does not reap it.
  bool wait_for_exit(Deadline deadline);
  // Throws ProcessError(what); an empty `what` means that the child has ended.
  [[noreturn]] void fail(const std::string& what);
  // Returns the end of an error message: the last lines of stderr.
  std::string stderr_tail() const;

  pid_t pid_ = -1;
  FileDescriptor stdin_, stdout_, stderr_;
  // The write end of a pipe that nobody writes to. The watchdog reads the other
  // end and kills the process group on end of file.
  FileDescriptor lifeline_;
  std::string stdout_buffer_;  // read from stdout but not yet returned
  std::string stderr_partial_line_;
  std::deque<std::string> stderr_lines_;
  std::chrono::seconds exit_grace_period_{2};
};

}  // namespace gato::env
