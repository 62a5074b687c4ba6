#include "gato/env/process.h"

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
#include "gato/base/signals.h"

namespace gato {
namespace {

constexpr size_t kErrorLines = 20, kErrorLineLength = 500;
constexpr std::chrono::seconds kGrace{2};

// Descriptor 9 is the lifeline. The watchdog shares the command's process
// group, outlives neither it nor us, and holds none of the command's pipes.
constexpr const char* kScript =
    "(read line; kill -KILL 0) <&9 >/dev/null 2>&1 & "
    "exec /bin/sh -c \"$1\" 9<&-";
constexpr int kLifeline = 9;

struct Pipe {
  Descriptor read_end, write_end;
};

// Both ends above the descriptors that the child is given, so that handing one
// over never overwrites another.
Pipe make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw run_error("cannot make a pipe: {}", strerror(errno));
  const Descriptor low_read(ends[0]), low_write(ends[1]);
  Pipe pipe;
  pipe.read_end = Descriptor(fcntl(ends[0], F_DUPFD_CLOEXEC, kLifeline + 1));
  pipe.write_end = Descriptor(fcntl(ends[1], F_DUPFD_CLOEXEC, kLifeline + 1));
  if (!pipe.read_end.is_open() || !pipe.write_end.is_open())
    throw run_error("cannot make a pipe: {}", strerror(errno));
  return pipe;
}

void set_nonblocking(const Descriptor& descriptor) {
  fcntl(descriptor.get(), F_SETFL,
        fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
}

// Keeps a write to a child that is gone from killing this process, whatever
// the program does about SIGPIPE elsewhere.
class PipeSignalBlock {
 public:
  PipeSignalBlock() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~PipeSignalBlock() {
    const timespec at_once{};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_, before_;
  bool was_pending_ = false;
};

pid_t spawn(const std::string& command, const Pipe& in, const Pipe& out,
            const Pipe& error, const Pipe& lifeline) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read_end.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, out.write_end.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, error.write_end.get(), 2);
  posix_spawn_file_actions_adddup2(&actions, lifeline.read_end.get(),
                                   kLifeline);
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
      "/bin/sh", "-c", kScript, "sh", command.c_str(), nullptr};
  pid_t pid = -1;
  const int failure =
      posix_spawn(&pid, arguments[0], &actions, &attributes,
                  const_cast<char* const*>(arguments.data()), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0)
    throw run_error("cannot start '{}': {}", command, strerror(failure));
  return pid;
}

// What can be read now, at most a pipe's worth; closes the descriptor at its
// end.
std::string read_available(Descriptor& from) {
  std::string bytes(65536, '\0');
  const ssize_t n = ::read(from.get(), bytes.data(), bytes.size());
  if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) from.close();
  bytes.resize(static_cast<size_t>(std::max<ssize_t>(n, 0)));
  return bytes;
}

int milliseconds_until(Process::Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      deadline - Process::Clock::now());
  return static_cast<int>(
      std::clamp<int64_t>(left.count(), 0, int64_t{1000} * 1000 * 1000));
}

}  // namespace

std::string quote(std::string_view text) {
  constexpr size_t limit = 200;
  std::string result = "'";
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || byte >= 0x80)
      result += fmt::format("\\x{:02x}", byte);
    else
      result += c;
  }
  return result + (text.size() > limit ? "...'" : "'");
}

Descriptor::Descriptor(Descriptor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Descriptor::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Process::Process(const std::string& command) {
  Pipe in = make_pipe(), out = make_pipe(), error = make_pipe(),
       lifeline = make_pipe();
  pid_ = spawn(command, in, out, error, lifeline);
  stdin_ = std::move(in.write_end);
  stdout_ = std::move(out.read_end);
  stderr_ = std::move(error.read_end);
  lifeline_ = std::move(lifeline.write_end);
  for (const Descriptor* descriptor : {&stdin_, &stdout_, &stderr_})
    set_nonblocking(*descriptor);
}

Process::~Process() {
  stdin_.close();
  if (!has_exited_by(Clock::now() + patience_)) {
    kill(-pid_, SIGTERM);
    has_exited_by(Clock::now() + kGrace);
  }
  // Until the child is waited for its number stands for this group alone.
  kill(-pid_, SIGKILL);
  int status;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

void Process::write(std::string_view bytes, Deadline deadline) {
  const PipeSignalBlock block;
  while (!bytes.empty()) exchange(&bytes, deadline);
}

std::string Process::read_line(size_t limit, Deadline deadline) {
  size_t searched = 0;
  for (;;) {
    const size_t end = output_.find('\n', searched);
    if (end != std::string::npos || output_.size() > limit) {
      const size_t length = std::min(end, limit);
      std::string line = output_.substr(0, length);
      output_.erase(0, length + (length == end));
      return line;
    }
    searched = output_.size();
    exchange(nullptr, deadline);
  }
}

void Process::read(std::span<std::byte> bytes, Deadline deadline) {
  while (output_.size() < bytes.size()) exchange(nullptr, deadline);
  std::copy_n(reinterpret_cast<const std::byte*>(output_.data()), bytes.size(),
              bytes.begin());
  output_.erase(0, bytes.size());
}

void Process::exchange(std::string_view* pending, Deadline deadline) {
  if (!stdout_.is_open()) return end_of_child(pending);
  if (Clock::now() >= deadline) fail("did not answer in time");
  std::array<pollfd, 3> waits = {
      {{stdout_.get(), POLLIN, 0},
       {stderr_.get(), POLLIN, 0},
       {pending != nullptr ? stdin_.get() : -1, POLLOUT, 0}}};
  // A signal may be caught on another thread: look for it now and then.
  throw_if_stopped();
  constexpr int longest_wait = 500;
  const int ready = poll(waits.data(), waits.size(),
                         std::min(milliseconds_until(deadline), longest_wait));
  if (ready < 0 && errno != EINTR) throw run_error("poll: {}", strerror(errno));
  if (ready <= 0) return;
  if (waits[1].revents != 0) drain_stderr();
  if (waits[0].revents != 0) output_ += read_available(stdout_);
  if (waits[2].revents != 0) {
    const ssize_t n = ::write(stdin_.get(), pending->data(), pending->size());
    if (n > 0) pending->remove_prefix(static_cast<size_t>(n));
    if (n < 0 && errno != EAGAIN && errno != EINTR) end_of_child(pending);
  }
}

// The child reads or writes no more. What it wrote before that may be a whole
// answer, or say why it ended: then what is pending is dropped, and it is read.
void Process::end_of_child(std::string_view* pending) {
  const auto has_line = [this] {
    return output_.find('\n') != std::string::npos;
  };
  for (int i = 0; i < 16 && stdout_.is_open() && !has_line(); ++i)
    output_ += read_available(stdout_);
  if (pending == nullptr || !has_line()) fail("");
  *pending = {};
}

bool Process::drain_stderr() {
  const std::string text = read_available(stderr_);
  for (const char c : text) {
    if (c != '\n') {
      if (error_line_.size() < kErrorLineLength) error_line_ += c;
      continue;
    }
    error_lines_.push_back(std::exchange(error_line_, {}));
    if (error_lines_.size() > kErrorLines) error_lines_.pop_front();
  }
  return !text.empty();
}

// Leaves the child to be waited for.
bool Process::has_exited_by(Deadline deadline) {
  for (;;) {
    siginfo_t information{};
    if (waitid(P_PID, pid_, &information, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        information.si_pid == pid_)
      return true;
    if (Clock::now() >= deadline) return false;
    // Full pipes must not keep the child from ending.
    std::array<pollfd, 2> waits = {
        {{stdout_.get(), POLLIN, 0}, {stderr_.get(), POLLIN, 0}}};
    poll(waits.data(), waits.size(), 10);
    if (waits[0].revents != 0) read_available(stdout_);
    if (waits[1].revents != 0) drain_stderr();
  }
}

// With an empty `what` the child is taken to have ended.
void Process::fail(const std::string& what) {
  std::string message = what;
  if (what.empty()) {
    if (has_exited_by(Clock::now() + std::chrono::seconds(1))) {
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
  if (!output_.empty())
    message += " in the middle of a message: " + quote(output_);
  throw ProcessFailure(message + stderr_tail());
}

std::string Process::stderr_tail() const {
  std::string tail;
  for (const std::string& line : error_lines_) tail += "\n  " + line;
  if (!error_line_.empty()) tail += "\n  " + error_line_;
  return tail.empty() ? "; it wrote nothing to stderr"
                      : "; its stderr ended:" + tail;
}

}  // namespace gato
