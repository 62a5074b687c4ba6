#include "gato/base/fair_semaphore.h"

namespace gato::base {

void FairSemaphore::acquire() {
  std::unique_lock lock(mutex_);
  if (waiters_.empty() && permits_ > 0) {
    --permits_;
    return;
  }
  const uint64_t ticket = next_ticket_++;
  waiters_.push_back(ticket);
  released_.wait(lock,
                 [&] { return permits_ > 0 && waiters_.front() == ticket; });
  waiters_.pop_front();
  --permits_;
  if (permits_ > 0 && !waiters_.empty()) {
    released_.notify_all();
  }
}

void FairSemaphore::release() {
  {
    const std::lock_guard lock(mutex_);
    ++permits_;
  }
  released_.notify_all();
}

void FairSemaphore::yield() {
  {
    const std::lock_guard lock(mutex_);
    if (waiters_.empty()) {
      return;
    }
  }
  release();
  acquire();
}

int64_t FairSemaphore::waiter_count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int64_t>(waiters_.size());
}

void Permit::acquire() {
  if (semaphore_ != nullptr && !is_held_) {
    semaphore_->acquire();
    is_held_ = true;
  }
}

void Permit::release() {
  if (semaphore_ != nullptr && is_held_) {
    semaphore_->release();
    is_held_ = false;
  }
}

}  // namespace gato::base
