// Waits for the pipes of many child processes at the same time.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <vector>

namespace gato::env {

// The descriptors and deadlines that a thread waits for. Each round begins with
// clear(); everything that waits adds its own; wait() blocks; then is_ready()
// returns whether a descriptor can be used.
class WaitSet {
 public:
  using Clock = std::chrono::steady_clock;
  using Deadline = Clock::time_point;

  void clear();
  // Adds a descriptor and returns its index. `events` is POLLIN or POLLOUT.
  size_t add(int descriptor, short events);
  // Makes wait() return at this time at the latest.
  void add_deadline(Deadline deadline);

  // Blocks until a descriptor is ready, a deadline has passed or half a second
  // has passed. Throws StoppedBySignal (base/signals.h) if a signal asked this
  // process to stop.
  void wait();
  // Does the same without blocking.
  void poll();
  bool is_ready(size_t index) const { return descriptors_[index].revents != 0; }

 private:
  void poll_for(std::chrono::nanoseconds duration);

  std::vector<pollfd> descriptors_;
  Deadline deadline_ = Deadline::max();
};

}  // namespace gato::env
