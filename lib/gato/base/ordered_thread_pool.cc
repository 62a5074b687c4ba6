// pending_ contains the submitted jobs in order, up to the oldest one whose
// completion has not been called. Its first next_unstarted_ jobs have been
// started. Workers start jobs from there; only the owner adds jobs at the back
// and removes finished ones at the front, so it alone may read pending_.size()
// without the lock. Threads are created as jobs are submitted, so a short list
// of jobs does not start all of them.
#include "gato/base/ordered_thread_pool.h"

#include <algorithm>
#include <utility>

namespace gato::base {

OrderedThreadPool::OrderedThreadPool(int64_t threads,
                                     int64_t max_pending_per_thread)
    : max_threads_(static_cast<size_t>(std::max<int64_t>(threads, 1))),
      max_pending_(max_threads_ * static_cast<size_t>(std::max<int64_t>(
                                      max_pending_per_thread, 1))) {}

OrderedThreadPool::~OrderedThreadPool() {
  cancel(nullptr);
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void OrderedThreadPool::submit(Job job) {
  if (max_threads_ == 1) {
    if (const Completion completion = job(0)) {
      completion();
    }
    return;
  }
  if (pending_.size() == max_pending_) {
    complete_first();
  }
  {
    const std::lock_guard lock(mutex_);
    pending_.push_back({std::move(job), {}});
  }
  if (threads_.size() < max_threads_) {
    threads_.emplace_back(&OrderedThreadPool::worker_loop, this,
                          threads_.size());
  }
  work_available_.notify_one();
}

void OrderedThreadPool::wait_all() {
  while (!pending_.empty()) {
    complete_first();
  }
}

void OrderedThreadPool::complete_first() {
  Completion completion;
  {
    std::unique_lock lock(mutex_);
    job_done_.wait(lock, [this] { return error_ || pending_.front().is_done; });
    if (error_) {
      std::rethrow_exception(error_);
    }
    completion = std::move(pending_.front().completion);
    pending_.pop_front();
    --next_unstarted_;
  }
  if (completion) {
    completion();
  }
}

void OrderedThreadPool::worker_loop(int64_t thread) {
  std::unique_lock lock(mutex_);
  while (true) {
    work_available_.wait(lock, [this] {
      return is_canceled_ || next_unstarted_ < pending_.size();
    });
    if (is_canceled_) {
      return;
    }
    // The reference stays valid without the lock: push_back() and pop_front()
    // of a deque do not invalidate references to other elements.
    PendingJob& current = pending_[next_unstarted_++];
    lock.unlock();
    try {
      current.completion = current.job(thread);
      current.job = nullptr;
    } catch (...) {
      cancel(std::current_exception());
    }
    lock.lock();
    current.is_done = true;
    job_done_.notify_one();
  }
}

void OrderedThreadPool::cancel(std::exception_ptr error) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_) {
      error_ = std::move(error);
    }
    is_canceled_ = true;
  }
  work_available_.notify_all();
  job_done_.notify_one();
}

}  // namespace gato::base
