#include "gato/base/signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "gato/base/error.h"

namespace gato {
namespace {

static_assert(std::atomic<int>::is_always_lock_free);
std::atomic<int> first_signal{0};
std::atomic<int> interrupts{0};
std::atomic<int> saving{0};
std::atomic<int> ending{0};

// A rank that --processes has started gets SIGINT from the terminal and SIGTERM
// from its starter for one Ctrl-C, in any order: only the second SIGINT counts.
void on_signal(int signal) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal);
  const bool is_repeated = signal == SIGINT && ++interrupts > 1;
  if (ending > 0 || is_repeated) {
    _exit(static_cast<int>(signal == SIGINT ? ExitStatus::interrupted
                                            : ExitStatus::terminated));
  }
}

}  // namespace

void watch_signals() {
  first_signal = 0;
  interrupts = 0;
  struct sigaction action {};
  sigemptyset(&action.sa_mask);
  action.sa_handler = on_signal;
  for (int signal : {SIGINT, SIGTERM, SIGUSR1}) {
    sigaction(signal, &action, nullptr);
  }
  // The terminal has gone; unless nohup says that this does not matter.
  struct sigaction present {};
  sigaction(SIGHUP, nullptr, &present);
  if (present.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

int stop_signal() { return first_signal; }

void throw_if_stopped() {
  if (const int signal = first_signal; signal != 0 && saving == 0) {
    throw Stopped(signal);
  }
}

EndsOnStop::EndsOnStop() {
  ++ending;
  throw_if_stopped();
}
EndsOnStop::~EndsOnStop() { --ending; }

SavesOnStop::SavesOnStop() { ++saving; }
SavesOnStop::~SavesOnStop() { --saving; }

}  // namespace gato
