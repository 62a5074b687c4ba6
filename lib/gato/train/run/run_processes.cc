#include "gato/train/run/run_processes.h"

#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <map>

#include "gato/base/signals.h"
#include "gato/train/distributed/local_processes.h"

// The parent polls for exited children, for signals that it has received and
// for the time limit, and forks the next run when a child has exited.
namespace gato::train {
namespace {

constexpr useconds_t kPollMicroseconds = 20000;

class RunSupervisor {
 public:
  RunSupervisor(const std::vector<std::string>& names, int64_t jobs,
                const std::function<bool()>& should_stop,
                const std::function<void()>& on_done)
      : names_(names),
        jobs_(static_cast<size_t>(jobs)),
        should_stop_(should_stop),
        on_done_(on_done) {}

  ForkedRun run() {
    while (true) {
      if (const auto index = start_runs()) {
        return {.index = index};
      }
      if (children_.empty()) {
        return {.index = {}, .status = status()};
      }
      if (const int signal = base::received_stop_signal()) {
        stop_children(signal);
      }
      int wait_status = 0;
      const pid_t exited = ::waitpid(-1, &wait_status, WNOHANG);
      if (exited > 0) {
        handle_exit(exited, wait_status);
      } else {
        ::usleep(kPollMicroseconds);
      }
    }
  }

 private:
  // Starts as many runs as there are free jobs. Returns the index of the run in
  // its child.
  std::optional<size_t> start_runs() {
    while (next_ < names_.size() && children_.size() < jobs_ && !is_stopping_ &&
           base::received_stop_signal() == 0 && !should_stop_()) {
      const size_t index = next_++;
      const pid_t pid = fork_child(names_[index]);
      if (pid == 0) {
        return index;
      }
      children_[pid] = index;
    }
    return std::nullopt;
  }

  // Forwards a signal to the children, once. SIGINT becomes SIGTERM: the
  // terminal sends SIGINT to the children too, and a second one would end them
  // immediately.
  void stop_children(int signal) {
    if (is_stopping_) {
      return;
    }
    is_stopping_ = true;
    for (const auto& [pid, index] : children_) {
      ::kill(pid, signal == SIGINT ? SIGTERM : signal);
    }
  }

  void handle_exit(pid_t pid, int wait_status) {
    const auto found = children_.find(pid);
    if (found == children_.end()) {
      return;
    }
    const std::string& name = names_[found->second];
    children_.erase(found);
    base::ExitStatus status = base::ExitStatus::run_failed;
    if (WIFSIGNALED(wait_status)) {
      const int signal = WTERMSIG(wait_status);
      spdlog::error("{} (process {}) was killed by signal {} ({})", name, pid,
                    signal, ::strsignal(signal));
    } else {
      status = base::ExitStatus{WEXITSTATUS(wait_status)};
    }
    switch (status) {
      case base::ExitStatus::success:
        ++done_count_;
        on_done_();
        break;
      case base::ExitStatus::stopped_early:
      case base::ExitStatus::interrupted:
      case base::ExitStatus::terminated:
        break;
      default:
        if (!first_failure_) {
          first_failure_ = status;
        }
        stop_children(SIGTERM);
    }
  }

  base::ExitStatus status() const {
    if (first_failure_) {
      return *first_failure_;
    }
    return done_count_ == names_.size() ? base::ExitStatus::success
                                        : base::ExitStatus::stopped_early;
  }

  const std::vector<std::string>& names_;
  const size_t jobs_;
  const std::function<bool()>& should_stop_;
  const std::function<void()>& on_done_;
  std::map<pid_t, size_t> children_;  // the runs of running processes
  size_t next_ = 0, done_count_ = 0;
  bool is_stopping_ = false;
  std::optional<base::ExitStatus> first_failure_;
};

}  // namespace

ForkedRun fork_runs(const std::vector<std::string>& names, int64_t jobs,
                    const std::function<bool()>& should_stop,
                    const std::function<void()>& on_done) {
  return RunSupervisor(names, jobs, should_stop, on_done).run();
}

}  // namespace gato::train
