// Requests to stop (SIGINT, SIGTERM, SIGUSR1 or SIGHUP) set a flag that
// long-running work polls between two records.
#pragma once

#include <exception>

namespace gato::base {

// Installs the handlers. Ignores SIGPIPE and SIGXFSZ, so that the writes that
// would raise them fail with an error instead; a child process must restore
// these two itself. Signals interrupt system calls (no SA_RESTART). A second
// SIGINT ends the process at once with status 130. SIGHUP stays ignored if it
// was ignored before, as by nohup.
void install_signal_handlers();

// Returns the first signal received since install_signal_handlers(), or 0.
int received_stop_signal();

// The exception that throw_if_stopped() throws; unwinding removes partial
// outputs. It is not an Error, because the data is not at fault and code that
// skips bad records must not catch it.
class StoppedBySignal : public std::exception {
 public:
  explicit StoppedBySignal(int signal) : signal_(signal) {}
  int signal() const { return signal_; }
  const char* what() const noexcept override { return "stopped by a signal"; }

 private:
  int signal_;
};

// While one is alive, a signal ends the process at once. Used around library
// calls that cannot be interrupted and have not written anything yet.
class ScopedExitOnSignal {
 public:
  // Throws StoppedBySignal if a signal has already been received.
  ScopedExitOnSignal();
  ~ScopedExitOnSignal();
  ScopedExitOnSignal(const ScopedExitOnSignal&) = delete;
  ScopedExitOnSignal& operator=(const ScopedExitOnSignal&) = delete;
};

// Throws StoppedBySignal if a signal has been received. base::Progress calls
// this, so only loops without a Progress need to.
void throw_if_stopped();

// While one is alive, throw_if_stopped() does nothing: its owner polls
// received_stop_signal() itself and saves what it has.
class ScopedStopDeferral {
 public:
  ScopedStopDeferral();
  ~ScopedStopDeferral();
  ScopedStopDeferral(const ScopedStopDeferral&) = delete;
  ScopedStopDeferral& operator=(const ScopedStopDeferral&) = delete;
};

}  // namespace gato::base
