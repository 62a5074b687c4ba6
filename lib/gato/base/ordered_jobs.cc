#include "gato/base/ordered_jobs.h"

#include <algorithm>
#include <utility>

namespace gato {

OrderedJobs::OrderedJobs(int64_t threads, int64_t held_each)
    : most_threads_(static_cast<size_t>(std::max<int64_t>(threads, 1))),
      most_held_(most_threads_ *
                 static_cast<size_t>(std::max<int64_t>(held_each, 1))) {}

OrderedJobs::~OrderedJobs() {
  give_up(nullptr);
  for (std::thread& thread : threads_) thread.join();
}

void OrderedJobs::add(Job job) {
  if (most_threads_ == 1) {
    if (const Finish finish = job(0)) finish();
    return;
  }
  if (held_.size() == most_held_) take_first();
  {
    const std::lock_guard lock(mutex_);
    held_.push_back({std::move(job), {}});
  }
  if (threads_.size() < most_threads_) {
    threads_.emplace_back(&OrderedJobs::work, this, threads_.size());
  }
  has_work_.notify_one();
}

void OrderedJobs::finish() {
  while (!held_.empty()) take_first();
}

void OrderedJobs::take_first() {
  Finish finish;
  {
    std::unique_lock lock(mutex_);
    is_done_.wait(lock, [this] { return error_ || held_.front().is_done; });
    if (error_) std::rethrow_exception(error_);
    finish = std::move(held_.front().finish);
    held_.pop_front();
    --next_;
  }
  if (finish) finish();
}

void OrderedJobs::work(int64_t thread) {
  std::unique_lock lock(mutex_);
  while (true) {
    has_work_.wait(lock, [this] { return given_up_ || next_ < held_.size(); });
    if (given_up_) return;
    // Adding and taking at the ends of a deque leaves the others in place.
    Held& held = held_[next_++];
    lock.unlock();
    try {
      held.finish = held.job(thread);
      held.job = nullptr;
    } catch (...) {
      give_up(std::current_exception());
    }
    lock.lock();
    held.is_done = true;
    is_done_.notify_one();
  }
}

void OrderedJobs::give_up(std::exception_ptr error) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    given_up_ = true;
  }
  has_work_.notify_all();
  is_done_.notify_one();
}

}  // namespace gato
