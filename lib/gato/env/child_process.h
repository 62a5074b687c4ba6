// A child process connected by pipes, which never blocks its parent.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "gato/env/wait_set.h"

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

// Thrown if the child ended, closed one of its pipes or did not answer in time.
// The message says which, with the exit status and the last lines of stderr.
class ProcessError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Runs a command line with /bin/sh in its own process group. The entire group
// is killed when this object is destroyed or this process dies, even by
// SIGKILL.
//
// send() and advance() write and read only what is possible at once. Between
// them, the owner waits with a WaitSet, also for other children. The child's
// stderr is drained on each of these occasions, and its last lines are kept for
// error messages. After a ProcessError the object can only be destroyed. Not
// thread-safe.
class ChildProcess {
 public:
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

  // Sends `bytes`. What does not fit into the pipe is sent by advance(). Throws
  // ProcessError if the child has closed its stdin without an answer.
  void send(std::string bytes);
  // Adds the pipes to wait for: until all bytes are sent and something arrives.
  void add_waits(WaitSet& waits);
  // Reads and writes the pipes that are ready in `waits`, to which they were
  // added last. Throws ProcessError like send().
  void advance(const WaitSet& waits);

  // Returns the next line without its newline, nullopt if it has not arrived.
  // Returns only the first `max_bytes` bytes of a longer line; what follows
  // them is next.
  std::optional<std::string> take_line(size_t max_bytes);
  // Moves bytes that have arrived to `bytes` and returns how many.
  size_t take(std::span<std::byte> bytes);
  // Discards up to `max_bytes` bytes that have arrived and returns how many.
  size_t discard(size_t max_bytes);
  // Returns false if nothing more can arrive.
  bool is_open() const { return stdout_.is_open(); }
  // Throws a ProcessError that says `what` the child did; if `what` is empty,
  // how it ended.
  [[noreturn]] void fail(const std::string& what);

  // Makes the destructor send SIGTERM at once, for a child that hangs.
  void skip_grace_period() { exit_grace_period_ = std::chrono::seconds(0); }

 private:
  // Writes what fits into the pipe.
  void write_pending();
  // Called when the child has closed its stdin. Discards the rest of the
  // request if the child has answered nevertheless; otherwise throws
  // ProcessError.
  void handle_closed_stdin();
  bool has_line() const;
  // Reads what stderr has. Returns false if there was nothing.
  bool drain_stderr();
  // Returns whether the child has exited. Does not reap it.
  bool wait_for_exit(WaitSet::Deadline deadline);
  // Returns the end of an error message: the last lines of stderr.
  std::string stderr_tail() const;

  pid_t pid_ = -1;
  FileDescriptor stdin_, stdout_, stderr_;
  // The write end of a pipe that is never written to. The watchdog reads the
  // other end and kills the process group on end of file.
  FileDescriptor lifeline_;
  std::string unsent_;         // to be written to stdin
  std::string stdout_buffer_;  // read from stdout but not yet taken
  size_t searched_ = 0;        // bytes of it that contain no newline
  // Indices in the last WaitSet.
  std::optional<size_t> stdin_wait_, stdout_wait_, stderr_wait_;
  std::string stderr_partial_line_;
  std::deque<std::string> stderr_lines_;
  std::chrono::seconds exit_grace_period_{2};
};

}  // namespace gato::env
