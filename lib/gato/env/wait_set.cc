#include "gato/env/wait_set.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "gato/base/error.h"
#include "gato/base/signals.h"

namespace gato::env {

void WaitSet::clear() {
  descriptors_.clear();
  deadline_ = Deadline::max();
}

size_t WaitSet::add(int descriptor, short events) {
  descriptors_.push_back({descriptor, events, 0});
  return descriptors_.size() - 1;
}

void WaitSet::add_deadline(Deadline deadline) {
  deadline_ = std::min(deadline_, deadline);
}

void WaitSet::wait() {
  // A signal may be delivered to another thread and not interrupt the poll
  // here, so check regularly.
  constexpr std::chrono::nanoseconds kMaxWait = std::chrono::milliseconds(500);
  base::throw_if_stopped();
  const Deadline now = Clock::now();
  poll_for(deadline_ > now + kMaxWait
               ? kMaxWait
               : std::max(std::chrono::nanoseconds(0),
                          std::chrono::nanoseconds(deadline_ - now)));
  base::throw_if_stopped();
}

void WaitSet::poll() {
  if (!descriptors_.empty()) {
    poll_for(std::chrono::nanoseconds(0));
  }
}

// ppoll() has a resolution of nanoseconds, unlike poll(): control periods are
// kept to a fraction of a millisecond.
void WaitSet::poll_for(std::chrono::nanoseconds duration) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
  timespec timeout{};
  timeout.tv_sec = static_cast<time_t>(seconds.count());
  timeout.tv_nsec = static_cast<decltype(timeout.tv_nsec)>(
      std::chrono::nanoseconds(duration - seconds).count());
  if (ppoll(descriptors_.data(), descriptors_.size(), &timeout, nullptr) >= 0) {
    return;
  }
  if (errno != EINTR) {
    throw base::run_error("poll: {}", strerror(errno));
  }
  for (pollfd& descriptor : descriptors_) {
    descriptor.revents = 0;
  }
}

}  // namespace gato::env
