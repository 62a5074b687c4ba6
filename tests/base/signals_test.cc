#include "gato/base/signals.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

using namespace gato;
using namespace gato::base;

namespace {

// The status with which a child ends that runs this.
template <class Function>
int child_status(Function function) {
  const pid_t child = fork();
  if (child == 0) {
    install_signal_handlers();
    function();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("the first signal is kept, work that polls is stopped by it") {
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

TEST_CASE("a second SIGINT ends the process, a second SIGTERM does not") {
  const auto twice = [](int signal) {
    return child_status([signal] {
      std::raise(signal);
      std::raise(signal);
    });
  };
  REQUIRE(twice(SIGINT) == 130);
  REQUIRE(twice(SIGTERM) == 0);
}

TEST_CASE("a SIGINT after a SIGTERM is the first of its kind") {
  REQUIRE(child_status([] {
            std::raise(SIGTERM);
            std::raise(SIGINT);
          }) == 0);
}

TEST_CASE("a SIGHUP stops the work, unless it was ignored before") {
  const auto after = [](auto before) {
    const pid_t child = fork();
    if (child == 0) {
      std::signal(SIGHUP, before);
      install_signal_handlers();
      std::raise(SIGHUP);
      _exit(received_stop_signal() == SIGHUP ? 7 : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  };
  REQUIRE(after(SIG_DFL) == 7);
  REQUIRE(after(SIG_IGN) == 0);
}

TEST_CASE("a write to a pipe without a reader is an error, not a signal") {
  REQUIRE(child_status([] {
            int ends[2];
            if (pipe(ends) != 0) {
              _exit(1);
            }
            close(ends[0]);
            _exit(write(ends[1], "x", 1) < 0 ? 7 : 1);
          }) == 7);
}

TEST_CASE("work that saves is not stopped") {
  REQUIRE(child_status([] {
            const ScopedStopDeferral saves;
            std::raise(SIGTERM);
            throw_if_stopped();
            _exit(received_stop_signal());
          }) == SIGTERM);
}
