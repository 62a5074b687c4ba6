// The child runs as /bin/sh -c in a new process group, with pipes as its stdin,
// stdout and stderr. A fourth pipe, the lifeline, never carries data: this
// process has its write end, a watchdog subshell in the child's group reads
// from it, and end of file, which also comes when this process is killed, makes
// the watchdog kill the group.
//
// All input and output is nonblocking, and the owner waits for the three pipes
// together. So a child that fills its stderr, or answers before it has read the
// entire request, never causes a deadlock. stdout is read only while a reply is
// missing, at most one pipe's capacity at a time: a child that floods it fills
// the pipe, not this process's memory.
#include "gato/env/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/string_util.h"

namespace gato::env {
namespace {

constexpr size_t kMaxStderrLines = 20, kMaxStderrLineLength = 500;
constexpr std::chrono::seconds kTermGracePeriod{2};

// Descriptor 9 is the lifeline. The watchdog is in the command's process group,
// outlives neither the command nor this process, and has none of the command's
// pipes open. The command does not inherit the lifeline.
constexpr const char* kWatchdogScript =
    "(read line; kill -KILL 0) <&9 >/dev/null 2>&1 & "
    "exec /bin/sh -c \"$1\" 9<&-";
constexpr int kLifelineFd = 9;

struct Pipe {
  FileDescriptor read_end, write_end;
};

// Makes a pipe whose descriptors are above kLifelineFd, so that dup2 in the
// child never overwrites one that is still needed.
Pipe make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    throw base::run_error("cannot create a pipe: {}", strerror(errno));
  }
  const FileDescriptor low_read(ends[0]), low_write(ends[1]);
  Pipe pipe;
  pipe.read_end =
      FileDescriptor(fcntl(ends[0], F_DUPFD_CLOEXEC, kLifelineFd + 1));
  pipe.write_end =
      FileDescriptor(fcntl(ends[1], F_DUPFD_CLOEXEC, kLifelineFd + 1));
  if (!pipe.read_end.is_open() || !pipe.write_end.is_open()) {
    throw base::run_error("cannot create a pipe: {}", strerror(errno));
  }
  return pipe;
}

void set_nonblocking(const FileDescriptor& descriptor) {
  fcntl(descriptor.get(), F_SETFL,
        fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
}

// Blocks SIGPIPE for the calling thread, so that a write to a child that has
// ended fails with EPIPE instead of killing this process. The destructor
// discards a SIGPIPE that became pending meanwhile.
class ScopedSigpipeBlock {
 public:
  ScopedSigpipeBlock() {
    sigemptyset(&sigpipe_set_);
    sigaddset(&sigpipe_set_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_set_, &previous_mask_);
  }
  ~ScopedSigpipeBlock() {
    const timespec no_wait{};
    if (!was_pending_) {
      sigtimedwait(&sigpipe_set_, nullptr, &no_wait);
    }
    pthread_sigmask(SIG_SETMASK, &previous_mask_, nullptr);
  }

 private:
  sigset_t sigpipe_set_, previous_mask_;
  bool was_pending_ = false;
};

// Returns the environment of this process with `variables` set. The pointers
// are those of `environ` and of `variables`, and null at the end.
std::vector<char*> merge_environment(std::vector<std::string>& variables) {
  std::vector<char*> merged;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const bool is_replaced =
        std::ranges::any_of(variables, [&](const std::string& variable) {
          return text.starts_with(
              std::string_view(variable).substr(0, variable.find('=') + 1));
        });
    if (!is_replaced) {
      merged.push_back(*entry);
    }
  }
  for (std::string& variable : variables) {
    merged.push_back(variable.data());
  }
  merged.push_back(nullptr);
  return merged;
}

// Starts the command with no signal blocked and every signal at its default.
pid_t spawn(const std::string& command, const Pipe& in, const Pipe& out,
            const Pipe& error, const Pipe& lifeline,
            std::vector<std::string> variables) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read_end.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, out.write_end.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, error.write_end.get(), 2);
  posix_spawn_file_actions_adddup2(&actions, lifeline.read_end.get(),
                                   kLifelineFd);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                            POSIX_SPAWN_SETSIGMASK |
                                            POSIX_SPAWN_SETSIGDEF);
  const std::array<const char*, 6> arguments = {
      "/bin/sh", "-c", kWatchdogScript, "sh", command.c_str(), nullptr};
  const std::vector<char*> environment = merge_environment(variables);
  pid_t pid = -1;
  const int error_code = posix_spawn(&pid, arguments[0], &actions, &attributes,
                                     const_cast<char* const*>(arguments.data()),
                                     environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error_code != 0) {
    throw base::run_error("cannot start '{}': {}", command,
                          strerror(error_code));
  }
  return pid;
}

// Reads what is available now, at most the capacity of a pipe. Closes the
// descriptor at end of file or on an error.
std::string read_available(FileDescriptor& from) {
  std::string bytes(65536, '\0');
  const ssize_t n = ::read(from.get(), bytes.data(), bytes.size());
  if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
    from.close();
  }
  bytes.resize(static_cast<size_t>(std::max<ssize_t>(n, 0)));
  return bytes;
}

}  // namespace

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void FileDescriptor::close() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
  fd_ = -1;
}

ChildProcess::ChildProcess(const std::string& command,
                           const std::vector<std::string>& variables) {
  Pipe in = make_pipe(), out = make_pipe(), error = make_pipe(),
       lifeline = make_pipe();
  pid_ = spawn(command, in, out, error, lifeline, variables);
  stdin_ = std::move(in.write_end);
  stdout_ = std::move(out.read_end);
  stderr_ = std::move(error.read_end);
  lifeline_ = std::move(lifeline.write_end);
  for (const FileDescriptor* descriptor : {&stdin_, &stdout_, &stderr_}) {
    set_nonblocking(*descriptor);
  }
}

ChildProcess::~ChildProcess() {
  stdin_.close();
  if (!wait_for_exit(WaitSet::Clock::now() + exit_grace_period_)) {
    kill(-pid_, SIGTERM);
    wait_for_exit(WaitSet::Clock::now() + kTermGracePeriod);
  }
  // The child has not been reaped, so its process group ID cannot have been
  // reused.
  kill(-pid_, SIGKILL);
  int status;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

void ChildProcess::send(std::string bytes) {
  unsent_ += bytes;
  write_pending();
}

void ChildProcess::write_pending() {
  const ScopedSigpipeBlock block;
  while (!unsent_.empty()) {
    const ssize_t n = ::write(stdin_.get(), unsent_.data(), unsent_.size());
    if (n > 0) {
      unsent_.erase(0, static_cast<size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {
      return;
    } else if (n < 0 && errno != EINTR) {
      handle_closed_stdin();
    }
  }
}

void ChildProcess::add_waits(WaitSet& waits) {
  stdin_wait_ = stdout_wait_ = stderr_wait_ = std::nullopt;
  if (!unsent_.empty()) {
    stdin_wait_ = waits.add(stdin_.get(), POLLOUT);
  }
  if (stdout_.is_open()) {
    stdout_wait_ = waits.add(stdout_.get(), POLLIN);
  }
  if (stderr_.is_open()) {
    stderr_wait_ = waits.add(stderr_.get(), POLLIN);
  }
}

void ChildProcess::advance(const WaitSet& waits) {
  const auto is_ready = [&waits](std::optional<size_t> index) {
    return index && waits.is_ready(*index);
  };
  if (is_ready(stderr_wait_)) {
    drain_stderr();
  }
  if (is_ready(stdout_wait_)) {
    stdout_buffer_ += read_available(stdout_);
  }
  if (is_ready(stdin_wait_)) {
    write_pending();
  }
}

bool ChildProcess::has_line() const {
  return stdout_buffer_.find('\n') != std::string::npos;
}

// The child reads no more. What it wrote before may be a complete answer or say
// why it ended; then the owner must read it.
void ChildProcess::handle_closed_stdin() {
  for (int i = 0; i < 16 && stdout_.is_open() && !has_line(); ++i) {
    stdout_buffer_ += read_available(stdout_);
  }
  if (!has_line()) {
    fail("");
  }
  unsent_.clear();
}

std::optional<std::string> ChildProcess::take_line(size_t max_bytes) {
  const size_t end = stdout_buffer_.find('\n', searched_);
  if (end == std::string::npos && stdout_buffer_.size() <= max_bytes) {
    searched_ = stdout_buffer_.size();
    return std::nullopt;
  }
  searched_ = 0;
  const size_t length = std::min(end, max_bytes);
  std::string line = stdout_buffer_.substr(0, length);
  stdout_buffer_.erase(0, length + (length == end));
  return line;
}

size_t ChildProcess::take(std::span<std::byte> bytes) {
  const size_t count = std::min(bytes.size(), stdout_buffer_.size());
  std::copy_n(reinterpret_cast<const std::byte*>(stdout_buffer_.data()), count,
              bytes.begin());
  return discard(count);
}

size_t ChildProcess::discard(size_t max_bytes) {
  const size_t count = std::min(max_bytes, stdout_buffer_.size());
  stdout_buffer_.erase(0, count);
  searched_ = 0;
  return count;
}

bool ChildProcess::drain_stderr() {
  const std::string text = read_available(stderr_);
  for (const char c : text) {
    if (c != '\n') {
      if (stderr_partial_line_.size() < kMaxStderrLineLength) {
        stderr_partial_line_ += c;
      }
      continue;
    }
    stderr_lines_.push_back(std::exchange(stderr_partial_line_, {}));
    if (stderr_lines_.size() > kMaxStderrLines) {
      stderr_lines_.pop_front();
    }
  }
  return !text.empty();
}

bool ChildProcess::wait_for_exit(WaitSet::Deadline deadline) {
  for (;;) {
    siginfo_t information{};
    if (waitid(P_PID, pid_, &information, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        information.si_pid == pid_) {
      return true;
    }
    if (WaitSet::Clock::now() >= deadline) {
      return false;
    }
    // A child that is blocked on a full pipe could not exit.
    std::array<pollfd, 2> poll_fds = {
        {{stdout_.get(), POLLIN, 0}, {stderr_.get(), POLLIN, 0}}};
    poll(poll_fds.data(), poll_fds.size(), 10);
    if (poll_fds[0].revents != 0) {
      read_available(stdout_);
    }
    if (poll_fds[1].revents != 0) {
      drain_stderr();
    }
  }
}

void ChildProcess::fail(const std::string& what) {
  std::string message = what;
  if (what.empty()) {
    if (wait_for_exit(WaitSet::Clock::now() + std::chrono::seconds(1))) {
      siginfo_t information{};
      waitid(P_PID, pid_, &information, WEXITED | WNOHANG | WNOWAIT);
      message =
          information.si_code == CLD_EXITED
              ? fmt::format("exited with status {}", information.si_status)
              : fmt::format("was killed by signal {} ({})",
                            information.si_status,
                            strsignal(information.si_status));
    } else {
      message = "closed its standard output or input";
    }
  }
  for (int i = 0; i < 16 && stderr_.is_open() && drain_stderr(); ++i) {
  }
  if (!stdout_buffer_.empty()) {
    message +=
        " in the middle of a message: " + base::quote_excerpt(stdout_buffer_);
  }
  throw ProcessError(message + stderr_tail());
}

std::string ChildProcess::stderr_tail() const {
  std::string tail;
  for (const std::string& line : stderr_lines_) {
    tail += "\n  " + line;
  }
  if (!stderr_partial_line_.empty()) {
    tail += "\n  " + stderr_partial_line_;
  }
  return tail.empty() ? "; it wrote nothing to stderr"
                      : "; the end of its stderr:" + tail;
}

}  // namespace gato::env
