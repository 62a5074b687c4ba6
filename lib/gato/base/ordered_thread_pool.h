// Jobs done by several threads, their results taken in the order of the jobs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gato::base {

// A job runs in any of the threads; what it returns is called in the thread
// that owns this object, after that of every earlier job, within add() or
// finish(). With one thread that thread does the jobs itself.
//
// The first exception, of a job or of what it returned, is thrown by add() or
// finish(); then only destruction is left, which waits for the jobs that run
// and drops the rest.
class OrderedThreadPool {
 public:
  using Completion = std::function<void()>;  // may be empty
  // `thread` is the number of the thread, from 0.
  using Job = std::function<Completion(int64_t thread)>;

  // At most `max_pending_per_thread` jobs a thread are held at a time, done or
  // not: so many records lie in memory, and so far a job may be ahead of a slow
  // one.
  explicit OrderedThreadPool(int64_t threads,
                             int64_t max_pending_per_thread = 2);
  ~OrderedThreadPool();
  OrderedThreadPool(const OrderedThreadPool&) = delete;
  OrderedThreadPool& operator=(const OrderedThreadPool&) = delete;

  void submit(Job job);
  // Waits for all jobs; more may be added afterwards.
  void wait_all();
  // True where a long job should end early: nobody takes its result.
  bool is_canceled() const { return is_canceled_; }

 private:
  struct PendingJob {
    Job job;
    Completion completion;
    bool is_done = false;
  };

  void worker_loop(int64_t thread);
  void complete_first();
  void cancel(std::exception_ptr error);

  const size_t max_threads_, max_pending_;
  std::vector<std::thread> threads_;
  std::atomic<bool> is_canceled_ = false;

  std::mutex mutex_;  // of what follows
  std::condition_variable work_available_, job_done_;
  std::deque<PendingJob> pending_;
  size_t next_unstarted_ = 0;  // in held_: the first that no thread has begun
  std::exception_ptr error_;
};

}  // namespace gato::base
