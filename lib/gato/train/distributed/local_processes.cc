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

// The parent opens the listening socket before it forks, so that the port is
// known to all ranks and cannot be taken by another process. Rank 0 inherits
// the socket and serves the rendezvous on it. The parent then polls for exited
// children and for signals that it has received.
namespace gato::train {
namespace {

using Clock = std::chrono::steady_clock;

// Longer than ranks take to detect that another rank has exited.
constexpr std::chrono::seconds kTerminationGrace{20};
constexpr useconds_t kPollMicroseconds = 20000;

// A socket that listens on an unused port of the loopback interface.
struct ListeningSocket {
  int fd = -1;
  uint16_t port = 0;
};

ListeningSocket listen_on_loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* const socket_address = reinterpret_cast<sockaddr*>(&address);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0 || ::bind(socket, socket_address, length) != 0 ||
      ::listen(socket, SOMAXCONN) != 0 ||
      ::getsockname(socket, socket_address, &length) != 0) {
    throw base::run_error(
        "--processes: cannot listen on the loopback interface: {}",
        std::strerror(errno));
  }
  return {socket, ntohs(address.sin_port)};
}

// Waits for the ranks, forwards signals to them and stops them after a failure.
class RankSupervisor {
 public:
  // Blocks until all ranks have exited. Returns the status of the job.
  base::ExitStatus wait_for_all(std::vector<pid_t> pids) {
    pids_ = std::move(pids);
    while (std::ranges::any_of(pids_, [](pid_t pid) { return pid > 0; })) {
      forward_signal();
      int status = 0;
      const pid_t exited = ::waitpid(-1, &status, WNOHANG);
      if (exited > 0) {
        handle_exit(exited, status);
      }
      if (first_failure_ && Clock::now() - failed_at_ > kTerminationGrace) {
        kill_remaining();
      }
      if (exited <= 0) {
        ::usleep(kPollMicroseconds);
      }
    }
    if (first_failure_) {
      return *first_failure_;
    }
    return has_stopped_early_ ? base::ExitStatus::stopped_early
                              : base::ExitStatus::success;
  }

 private:
  // Forwards the first stop signal. SIGINT becomes SIGTERM, which also requests
  // a stop: the terminal sends SIGINT to the ranks too, and a second one would
  // end them immediately.
  void forward_signal() {
    if (has_forwarded_signal_ || base::received_stop_signal() == 0) {
      return;
    }
    has_forwarded_signal_ = true;
    const int signal = base::received_stop_signal() == SIGINT
                           ? SIGTERM
                           : base::received_stop_signal();
    for (const pid_t pid : pids_) {
      if (pid > 0) {
        ::kill(pid, signal);
      }
    }
  }

  void handle_exit(pid_t pid, int status) {
    const auto found = std::ranges::find(pids_, pid);
    if (found == pids_.end()) {
      return;
    }
    const auto rank = found - pids_.begin();
    *found = 0;
    if (WIFSIGNALED(status)) {
      if (!has_killed_) {
        spdlog::error("rank {} (process {}) was killed by signal {} ({})", rank,
                      pid, WTERMSIG(status), ::strsignal(WTERMSIG(status)));
      }
      record_failure(base::ExitStatus::run_failed);
      return;
    }
    const base::ExitStatus exit_status{WEXITSTATUS(status)};
    if (exit_status == base::ExitStatus::stopped_early) {
      has_stopped_early_ = true;
    } else if (exit_status != base::ExitStatus::success) {
      record_failure(exit_status);
    }
  }

  void record_failure(base::ExitStatus status) {
    if (first_failure_) {
      return;
    }
    first_failure_ = status;
    failed_at_ = Clock::now();
  }

  void kill_remaining() {
    if (has_killed_) {
      return;
    }
    has_killed_ = true;
    for (size_t rank = 0; rank < pids_.size(); ++rank) {
      if (pids_[rank] <= 0) {
        continue;
      }
      spdlog::error("rank {} (process {}) did not exit: killing it", rank,
                    pids_[rank]);
      ::kill(pids_[rank], SIGKILL);
    }
  }

  std::vector<pid_t> pids_;  // by rank; 0 after it has exited
  bool has_forwarded_signal_ = false, has_killed_ = false,
       has_stopped_early_ = false;
  std::optional<base::ExitStatus> first_failure_;
  Clock::time_point failed_at_;
};

}  // namespace

pid_t fork_child(const std::string& name) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    throw base::run_error("cannot start a process for {}: {}", name,
                          std::strerror(errno));
  }
  if (pid == 0) {
    // The parent may have died before prctl(), in which case there is no
    // signal.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) {
      throw base::StoppedBySignal(SIGTERM);
    }
  }
  return pid;
}

ForkResult fork_local_ranks(int64_t size) {
  const ListeningSocket listener = listen_on_loopback();
  std::vector<pid_t> pids;
  for (int64_t rank = 0; rank < size; ++rank) {
    pid_t pid = 0;
    try {
      pid = fork_child(fmt::format("rank {}", rank));
    } catch (const base::Error&) {
      for (const pid_t started : pids) {
        ::kill(started, SIGKILL);
      }
      throw;
    }
    if (pid > 0) {
      pids.push_back(pid);
      continue;
    }
    if (rank != 0) {
      ::close(listener.fd);
    }
    LaunchInfo launch;
    launch.launcher = "--processes";
    launch.rank = launch.local_rank = rank;
    launch.world_size = launch.local_world_size = size;
    launch.master_port = listener.port;
    if (rank == 0) {
      launch.listen_fd = listener.fd;
    }
    return {launch, {}};
  }
  ::close(listener.fd);
  return {{}, RankSupervisor().wait_for_all(std::move(pids))};
}

}  // namespace gato::train
