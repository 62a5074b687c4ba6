// A thread pool that delivers results in the order of its jobs.
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

// Runs each job on any of its threads. The completion that a job returns is
// called on the thread that owns this object, within submit() or wait_all(),
// after the completions of all earlier jobs. With one thread, the owner runs
// the jobs itself.
//
// submit() or wait_all() throws the first exception of a job or a completion.
// After that the object can only be destroyed, which waits for the jobs that
// are running and drops the rest.
class OrderedThreadPool {
 public:
  using Completion = std::function<void()>;  // may be empty
  // `thread` is the index of the thread.
  using Job = std::function<Completion(int64_t thread)>;

  // Stores at most `max_pending_per_thread` jobs per thread, finished or not.
  // This bounds the records in memory, and how far the pool runs ahead of a
  // slow job.
  explicit OrderedThreadPool(int64_t threads,
                             int64_t max_pending_per_thread = 2);
  ~OrderedThreadPool();
  OrderedThreadPool(const OrderedThreadPool&) = delete;
  OrderedThreadPool& operator=(const OrderedThreadPool&) = delete;

  // Adds a job. Blocks while the pool is full.
  void submit(Job job);
  // Blocks until all jobs have completed. More may be submitted afterwards.
  void wait_all();
  // Returns whether a long job should return early because its result will not
  // be used.
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

  std::mutex mutex_;  // guards the members below
  std::condition_variable work_available_, job_done_;
  std::deque<PendingJob> pending_;
  size_t next_unstarted_ = 0;  // index in pending_ of the first unstarted job
  std::exception_ptr error_;
};

}  // namespace gato::base
