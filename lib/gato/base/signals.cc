#include "gato/base/signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "gato/base/error.h"

namespace gato::base {
namespace {

static_assert(std::atomic<int>::is_always_lock_free);
std::atomic<int> first_signal{0};
std::atomic<int> sigint_count{0};
std::atomic<int> deferral_count{0};
std::atomic<int> exit_on_signal_count{0};

// Ends the process on a second SIGINT, but not on a second signal of any kind:
// for one Ctrl-C, a rank started by --processes receives SIGINT from the
// terminal and SIGTERM from its parent, in any order.
void on_signal(int signal) {
  int no_signal = 0;
  first_signal.compare_exchange_strong(no_signal, signal);
  const bool is_repeated = signal == SIGINT && ++sigint_count > 1;
  if (exit_on_signal_count > 0 || is_repeated) {
    _exit(static_cast<int>(signal == SIGINT ? ExitStatus::interrupted
                                            : ExitStatus::terminated));
  }
}

}  // namespace

void install_signal_handlers() {
  first_signal = 0;
  sigint_count = 0;
  struct sigaction action {};
  sigemptyset(&action.sa_mask);
  action.sa_handler = on_signal;
  for (int signal : {SIGINT, SIGTERM, SIGUSR1}) {
    sigaction(signal, &action, nullptr);
  }
  // SIGHUP means that the terminal was closed. nohup ignores it.
  struct sigaction current {};
  sigaction(SIGHUP, nullptr, &current);
  if (current.sa_handler != SIG_IGN) {
    sigaction(SIGHUP, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

int received_stop_signal() { return first_signal; }

void throw_if_stopped() {
  if (const int signal = first_signal; signal != 0 && deferral_count == 0) {
    throw StoppedBySignal(signal);
  }
}

ScopedExitOnSignal::ScopedExitOnSignal() {
  ++exit_on_signal_count;
  throw_if_stopped();
}
ScopedExitOnSignal::~ScopedExitOnSignal() { --exit_on_signal_count; }

ScopedStopDeferral::ScopedStopDeferral() { ++deferral_count; }
ScopedStopDeferral::~ScopedStopDeferral() { --deferral_count; }

}  // namespace gato::base
