#include "gato/base/signals.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

using namespace gato;
using namespace gato::base;

namespace {

// Runs a function in a child process and returns the exit status of the child,
// or 1000 plus the signal that killed it.
template <class Function>
int run_in_child(Function function) {
  const pid_t child = fork();
  if (child == 0) {
    function();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// Does the same, with the signal handlers installed.
template <class Function>
int child_status(Function function) {
  return run_in_child([&] {
    install_signal_handlers();
    function();
  });
}

}  // namespace

TEST_CASE("The first signal is recorded and stops work that polls") {
  REQUIRE(child_status([] {
            std::raise(SIGUSR1);
            std::raise(SIGTERM);
            try {
              throw_if_stopped();
            } catch (const StoppedBySignal& stopped) {
              _exit(stopped.signal());
            }
          }) == SIGUSR1);
}

TEST_CASE("A second SIGINT ends the process, but a second SIGTERM does not") {
  const auto twice = [](int signal) {
    return child_status([signal] {
      std::raise(signal);
      std::raise(signal);
    });
  };
  REQUIRE(twice(SIGINT) == 130);
  REQUIRE(twice(SIGTERM) == 0);
}

TEST_CASE("A SIGINT after a SIGTERM does not count as a second SIGINT") {
  REQUIRE(child_status([] {
            std::raise(SIGTERM);
            std::raise(SIGINT);
          }) == 0);
}

TEST_CASE("SIGHUP stops the work, unless it was ignored before") {
  const auto status_with_earlier = [](auto handler) {
    return run_in_child([handler] {
      std::signal(SIGHUP, handler);
      install_signal_handlers();
      std::raise(SIGHUP);
      _exit(received_stop_signal() == SIGHUP ? 7 : 0);
    });
  };
  REQUIRE(status_with_earlier(SIG_DFL) == 7);
  REQUIRE(status_with_earlier(SIG_IGN) == 0);
}

TEST_CASE(
    "A write to a pipe without a reader fails instead of raising a signal") {
  REQUIRE(child_status([] {
            int ends[2];
            if (pipe(ends) != 0) {
              _exit(1);
            }
            close(ends[0]);
            _exit(write(ends[1], "x", 1) < 0 ? 7 : 1);
          }) == 7);
}

TEST_CASE("Work is not stopped while stopping is deferred") {
  REQUIRE(child_status([] {
            const ScopedStopDeferral deferral;
            std::raise(SIGTERM);
            throw_if_stopped();
            _exit(received_stop_signal());
          }) == SIGTERM);
}
