#include "gato/train/ordered_work.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace gato {
namespace {

class Turns {
 public:
  // Calls `finish` when all before `number` are through; not after a failure.
  void take(size_t number, const std::function<void()>& finish) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return next_ == number || error_; });
    if (error_) return;
    finish();
    ++next_;
    changed_.notify_all();
  }
  void fail(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = error;
    changed_.notify_all();
  }
  bool has_failed() {
    const std::lock_guard lock(mutex_);
    return error_ != nullptr;
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t next_ = 0;
  std::exception_ptr error_;
};

}  // namespace

void work_in_order(
    size_t count, int64_t threads,
    const std::function<std::function<void()>(size_t)>& compute) {
  const int64_t workers = std::min<int64_t>(int64_t(count), threads);
  Turns turns;
  std::atomic<size_t> next{0};
  const auto work = [&] {
    at::set_num_threads(int(std::max<int64_t>(1, threads / workers)));
    while (!turns.has_failed()) {
      const size_t number = next++;
      if (number >= count) return;
      try {
        turns.take(number, compute(number));
      } catch (...) {
        turns.fail(std::current_exception());
      }
    }
  };
  std::vector<std::thread> pool;
  for (int64_t i = 0; i < workers; ++i) pool.emplace_back(work);
  for (std::thread& thread : pool) thread.join();
  turns.rethrow();
}

}  // namespace gato
