// The fault handler walks the stack and asks dladdr() whether any frame is in
// libhdf5. If so, the file that was opened last is corrupt, and the process
// exits. It also exits if a mapped file has become shorter than its mapping.
// Otherwise the previous handlers are restored; the faulting instruction
// then runs again and raises the same signal for them. If they restore this
// handler in turn, the default action takes the third one.
//
// Endless loops are detected by a POSIX timer on the CPU time of the thread,
// which raises SIGVTALRM in that thread. It only runs while an Hdf5CallWatchdog
// is alive.
//
// The handlers do not allocate, because the heap may be corrupt when they run.
#include "gato/base/hdf5_crash_handler.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <ctime>
#include <string_view>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/mapping_registry.h"

namespace gato::base {
namespace {

constexpr std::array kFaultSignals{SIGSEGV, SIGBUS, SIGFPE, SIGABRT};

// A static copy of the path: the heap may be corrupt when the handler reads it.
std::array<char, 4096> current_file{};

bool is_crash_in_hdf5() {
  std::array<void*, 64> frames;
  const int count = ::backtrace(frames.data(), std::ssize(frames));
  return std::any_of(frames.begin(), frames.begin() + count, [](void* frame) {
    Dl_info info;
    return ::dladdr(frame, &info) != 0 && info.dli_fname != nullptr &&
           std::strstr(info.dli_fname, "libhdf5") != nullptr;
  });
}

// The timer of the thread that called install_hdf5_crash_handler(). Other
// threads have none, so a watchdog has no effect in them.
thread_local timer_t watchdog_timer{};
thread_local time_t watchdog_seconds = 0;  // 0: no timer

void set_watchdog(time_t seconds) {
  if (watchdog_seconds == 0) {
    return;
  }
  const itimerspec time{{0, 0}, {seconds, 0}};
  ::timer_settime(watchdog_timer, 0, &time, nullptr);
}

void write_to_stderr(std::string_view text) {
  [[maybe_unused]] const ssize_t ignored =
      ::write(STDERR_FILENO, text.data(), text.size());
}

[[noreturn]] void exit_with_corrupt_file(std::string_view what_happened) {
  write_to_stderr("error: ");
  write_to_stderr(current_file.data());
  write_to_stderr(": corrupt: libhdf5 ");
  write_to_stderr(what_happened);
  write_to_stderr(": write it again, or download it again\n");
  remove_temporary_files();
  ::_exit(static_cast<int>(ExitStatus::bad_input));
}

[[noreturn]] void exit_with_lost_mapping(const char* path) {
  write_to_stderr("error: ");
  write_to_stderr(path);
  write_to_stderr(
      ": it was truncated, or its disk failed, while it was being read: write "
      "a new file and rename it instead of writing to a file that is in use\n");
  remove_temporary_files();
  ::_exit(static_cast<int>(ExitStatus::io));
}

std::array<struct sigaction, kFaultSignals.size()> previous_actions;

volatile std::sig_atomic_t has_faulted = 0;

// Restores the previous handlers first. They receive a second fault within this
// handler, and also a fault outside libhdf5, because the instruction that
// failed is executed again when this handler returns.
void on_fault(int signal, siginfo_t* info, void*) {
  if (has_faulted != 0) {
    ::signal(signal, SIG_DFL);
    return;
  }
  has_faulted = 1;
  for (size_t i = 0; i < kFaultSignals.size(); ++i) {
    ::sigaction(kFaultSignals[i], &previous_actions[i], nullptr);
  }
  if (signal == SIGBUS) {
    if (const char* const path = find_mapped_file(info->si_addr)) {
      exit_with_lost_mapping(path);
    }
  }
  if (current_file[0] != '\0' && is_crash_in_hdf5()) {
    exit_with_corrupt_file("crashed while reading it");
  }
}

void on_timeout(int) { exit_with_corrupt_file("timed out while reading it"); }

void create_watchdog_timer(int max_seconds) {
  struct sigaction action {};
  action.sa_handler = on_timeout;
  ::sigaction(SIGVTALRM, &action, nullptr);
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGVTALRM;
  event._sigev_un._tid = ::gettid();
  if (::timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &watchdog_timer) == 0) {
    watchdog_seconds = max_seconds;
  }
}

}  // namespace

void install_hdf5_crash_handler(int max_seconds) {
  // The first call of backtrace() loads the unwinder, which is not safe in a
  // signal handler.
  std::array<void*, 1> frame;
  ::backtrace(frame.data(), 1);
  // The handler needs a separate stack, because unbounded recursion in
  // libhdf5 exhausts the normal one.
  static std::array<char, 256 << 10> stack;
  const stack_t alternate{stack.data(), 0, stack.size()};
  ::sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_ONSTACK | SA_SIGINFO;
  for (size_t i = 0; i < kFaultSignals.size(); ++i) {
    ::sigaction(kFaultSignals[i], &action, &previous_actions[i]);
  }
  create_watchdog_timer(max_seconds);
}

Hdf5CallWatchdog::Hdf5CallWatchdog() { set_watchdog(watchdog_seconds); }
Hdf5CallWatchdog::~Hdf5CallWatchdog() { set_watchdog(0); }

void set_current_hdf5_file(const std::filesystem::path& path) {
  const std::string& name = path.native();
  const size_t length = std::min(name.size(), current_file.size() - 1);
  std::copy_n(name.data(), length, current_file.data());
  current_file[length] = '\0';
}

}  // namespace gato::base
