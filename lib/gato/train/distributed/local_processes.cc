#include "gato/train/distributed/local_processes.h"

#include <arpa/inet.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <vector>

#include "gato/base/signals.h"

namespace gato {
namespace {

using Clock = std::chrono::steady_clock;

// Longer than ranks take to find out that another has ended.
constexpr std::chrono::seconds grace{20};
constexpr useconds_t poll_microseconds = 20000;

// A socket that listens on a free port of the loopback interface.
struct Listener {
  int socket = -1;
  uint16_t port = 0;
};

Listener listen_anywhere() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0 || ::bind(socket, any, length) != 0 ||
      ::listen(socket, SOMAXCONN) != 0 ||
      ::getsockname(socket, any, &length) != 0) {
    throw run_error("--processes: cannot listen on the loopback interface: {}",
                    std::strerror(errno));
  }
  return {socket, ntohs(address.sin_port)};
}

class Starter {
 public:
  // Waits for all ranks.
  ExitStatus wait(std::vector<pid_t> ranks) {
    ranks_ = std::move(ranks);
    while (std::ranges::any_of(ranks_, [](pid_t id) { return id > 0; })) {
      pass_on_signal();
      int status = 0;
      const pid_t ended = ::waitpid(-1, &status, WNOHANG);
      if (ended > 0) take(ended, status);
      if (first_failure_ && Clock::now() - failed_at_ > grace) kill_all();
      if (ended <= 0) ::usleep(poll_microseconds);
    }
    if (first_failure_) return *first_failure_;
    return has_stopped_ ? ExitStatus::stopped_early : ExitStatus::done;
  }

 private:
  // Once. The terminal sends its SIGINT to the ranks itself, and a second one
  // would end them at once: they get SIGTERM instead, which asks for the same.
  void pass_on_signal() {
    if (has_passed_on_ || stop_signal() == 0) return;
    has_passed_on_ = true;
    const int signal = stop_signal() == SIGINT ? SIGTERM : stop_signal();
    for (const pid_t rank : ranks_) {
      if (rank > 0) ::kill(rank, signal);
    }
  }

  void take(pid_t ended, int status) {
    const auto found = std::ranges::find(ranks_, ended);
    if (found == ranks_.end()) return;
    const auto rank = found - ranks_.begin();
    *found = 0;
    if (WIFSIGNALED(status)) {
      if (!has_killed_) {
        spdlog::error("rank {} (process {}) was ended by signal {} ({})", rank,
                      ended, WTERMSIG(status), ::strsignal(WTERMSIG(status)));
      }
      fail(ExitStatus::run_failed);
      return;
    }
    const ExitStatus code{WEXITSTATUS(status)};
    if (code == ExitStatus::stopped_early) {
      has_stopped_ = true;
    } else if (code != ExitStatus::done) {
      fail(code);
    }
  }

  void fail(ExitStatus status) {
    if (first_failure_) return;
    first_failure_ = status;
    failed_at_ = Clock::now();
  }

  void kill_all() {
    if (has_killed_) return;
    has_killed_ = true;
    for (size_t rank = 0; rank < ranks_.size(); ++rank) {
      if (ranks_[rank] <= 0) continue;
      spdlog::error("rank {} (process {}) does not end: it is killed", rank,
                    ranks_[rank]);
      ::kill(ranks_[rank], SIGKILL);
    }
  }

  std::vector<pid_t> ranks_;  // 0 where it has ended
  bool has_passed_on_ = false, has_killed_ = false, has_stopped_ = false;
  std::optional<ExitStatus> first_failure_;
  Clock::time_point failed_at_;
};

}  // namespace

LocalProcess start_local_processes(int64_t size) {
  const Listener listener = listen_anywhere();
  const pid_t starter = ::getpid();
  std::vector<pid_t> ranks;
  for (int64_t rank = 0; rank < size; ++rank) {
    const pid_t id = ::fork();
    if (id < 0) {
      const int reason = errno;
      for (const pid_t started : ranks) ::kill(started, SIGKILL);
      throw run_error("--processes: cannot start rank {}: {}", rank,
                      std::strerror(reason));
    }
    if (id > 0) {
      ranks.push_back(id);
      continue;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != starter) throw Stopped(SIGTERM);
    if (rank != 0) ::close(listener.socket);
    Launch launch;
    launch.by = "--processes";
    launch.rank = launch.local_rank = rank;
    launch.size = launch.local_size = size;
    launch.port = listener.port;
    if (rank == 0) launch.listener = listener.socket;
    return {launch, {}};
  }
  ::close(listener.socket);
  return {{}, Starter().wait(std::move(ranks))};
}

}  // namespace gato
