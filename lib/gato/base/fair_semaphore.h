// A counting semaphore that serves its waiters in the order of their arrival.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

namespace gato::base {

// Lets a limited number of threads compute at the same time, however many are
// waiting for something else.
class FairSemaphore {
 public:
  explicit FairSemaphore(int64_t permits) : permits_(permits) {}
  FairSemaphore(const FairSemaphore&) = delete;
  FairSemaphore& operator=(const FairSemaphore&) = delete;

  // Blocks until a permit is free and all earlier waiters have theirs.
  void acquire();
  void release();
  // Releases the permit and acquires one if another thread is waiting.
  void yield();
  // Returns how many threads are waiting.
  int64_t waiter_count() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable released_;
  int64_t permits_;
  std::deque<uint64_t> waiters_;  // their tickets, in order
  uint64_t next_ticket_ = 0;
};

// A permit of a semaphore. Without a semaphore it has no effect.
class Permit {
 public:
  explicit Permit(FairSemaphore* semaphore) : semaphore_(semaphore) {
    acquire();
  }
  ~Permit() { release(); }
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;

  void acquire();
  void release();
  void yield() {
    if (semaphore_ != nullptr) {
      semaphore_->yield();
    }
  }

 private:
  FairSemaphore* semaphore_;
  bool is_held_ = false;
};

}  // namespace gato::base
