#include "gato/base/library_faults.h"

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
#include "gato/base/output.h"

namespace gato {
namespace {

constexpr std::array fault_signals{SIGSEGV, SIGBUS, SIGFPE, SIGABRT};

// Filled before a fault, as memory may be damaged in one.
std::array<char, 4096> input{};

bool is_within_library() {
  std::array<void*, 64> frames;
  const int count = ::backtrace(frames.data(), std::ssize(frames));
  return std::any_of(frames.begin(), frames.begin() + count, [](void* frame) {
    Dl_info info;
    return ::dladdr(frame, &info) != 0 && info.dli_fname != nullptr &&
           std::strstr(info.dli_fname, "libhdf5") != nullptr;
  });
}

// Of the thread that watches its calls; the others have none.
thread_local timer_t watch{};
thread_local time_t watch_seconds = 0;  // 0: no timer

void set_watch(time_t seconds) {
  if (watch_seconds == 0) return;
  const itimerspec time{{0, 0}, {seconds, 0}};
  ::timer_settime(watch, 0, &time, nullptr);
}

void say(std::string_view text) {
  [[maybe_unused]] const ssize_t ignored =
      ::write(STDERR_FILENO, text.data(), text.size());
}

[[noreturn]] void refuse(std::string_view why) {
  say("error: ");
  say(input.data());
  say(": damaged: libhdf5 ");
  say(why);
  say("; write it again, or fetch it again\n");
  remove_temporary_files();
  ::_exit(static_cast<int>(ExitStatus::bad_input));
}

std::array<struct sigaction, fault_signals.size()> previous;

// A second fault meets the handlers that were there before; so does one that is
// not the library's, as what failed is tried again.
void on_fault(int) {
  for (size_t i = 0; i < fault_signals.size(); ++i) {
    ::sigaction(fault_signals[i], &previous[i], nullptr);
  }
  if (input[0] != '\0' && is_within_library()) refuse("failed on it");
}

void on_time_out(int) { refuse("comes to no end on it"); }

void watch_calls(int most_seconds) {
  struct sigaction action {};
  action.sa_handler = on_time_out;
  ::sigaction(SIGVTALRM, &action, nullptr);
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGVTALRM;
  event._sigev_un._tid = ::gettid();
  if (::timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &watch) == 0) {
    watch_seconds = most_seconds;
  }
}

}  // namespace

void refuse_files_on_library_faults(int most_seconds) {
  // Loads the unwinder, which a handler could not.
  std::array<void*, 1> frame;
  ::backtrace(frame.data(), 1);
  // Endless recursion leaves no room on the stack.
  static std::array<char, 256 << 10> stack;
  const stack_t alternate{stack.data(), 0, stack.size()};
  ::sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_handler = on_fault;
  action.sa_flags = SA_ONSTACK;
  for (size_t i = 0; i < fault_signals.size(); ++i) {
    ::sigaction(fault_signals[i], &action, &previous[i]);
  }
  watch_calls(most_seconds);
}

LibraryCall::LibraryCall() { set_watch(watch_seconds); }
LibraryCall::~LibraryCall() { set_watch(0); }

void note_library_input(const std::filesystem::path& path) {
  const std::string& name = path.native();
  const size_t length = std::min(name.size(), input.size() - 1);
  std::copy_n(name.data(), length, input.data());
  input[length] = '\0';
}

}  // namespace gato
