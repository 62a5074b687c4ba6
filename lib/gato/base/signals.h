// A request to stop, by SIGINT, SIGTERM, SIGUSR1 or SIGHUP, seen as a flag that
// long work polls between two records.
#pragma once

#include <exception>

namespace gato::base {

// Installs the handlers and ignores SIGPIPE and SIGXFSZ, so that such writes
// fail with an error; a child process must restore the two itself. System calls
// are interrupted (no SA_RESTART). A second SIGINT ends the process at once
// with status 130. A SIGHUP that is ignored, by nohup, stays so.
void install_signal_handlers();

// The first signal that came since install_signal_handlers(), or 0.
int received_stop_signal();

// What throw_if_stopped() throws; unwinding removes partial outputs. Not an
// Error: no data is at fault and no handler of bad records may swallow it.
class StoppedBySignal : public std::exception {
 public:
  explicit StoppedBySignal(int signal) : signal_(signal) {}
  int signal() const { return signal_; }
  const char* what() const noexcept override { return "stopped by a signal"; }

 private:
  int signal_;
};

// While one lives, a signal ends the process at once, as if nobody watched: for
// work of a library that cannot be interrupted and has written nothing yet.
class ScopedExitOnSignal {
 public:
  ScopedExitOnSignal();  // Stopped where a signal has come already
  ~ScopedExitOnSignal();
  ScopedExitOnSignal(const ScopedExitOnSignal&) = delete;
  ScopedExitOnSignal& operator=(const ScopedExitOnSignal&) = delete;
};

// Throws Stopped where a signal came. cli::Progress::add calls it, so only
// loops without a Progress need to.
void throw_if_stopped();

// While one lives, throw_if_stopped() does nothing: its owner polls
// received_stop_signal() itself and saves what it has.
class ScopedStopDeferral {
 public:
  ScopedStopDeferral();
  ~ScopedStopDeferral();
  ScopedStopDeferral(const ScopedStopDeferral&) = delete;
  ScopedStopDeferral& operator=(const ScopedStopDeferral&) = delete;
};

}  // namespace gato::base
