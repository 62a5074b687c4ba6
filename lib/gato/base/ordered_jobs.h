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

namespace gato {

// A job runs in any of the threads; what it returns is called in the thread
// that owns this object, after that of every earlier job, within add() or
// finish(). With one thread that thread does the jobs itself.
//
// The first exception, of a job or of what it returned, is thrown by add() or
// finish(); then only destruction is left, which waits for the jobs that run
// and drops the rest.
class OrderedJobs {
 public:
  using Finish = std::function<void()>;  // may be empty
  // `thread` is the number of the thread, from 0.
  using Job = std::function<Finish(int64_t thread)>;

  // At most `held_each` jobs a thread are held at a time, done or not: so many
  // records lie in memory, and so far a job may be ahead of a slow one.
  explicit OrderedJobs(int64_t threads, int64_t held_each = 2);
  ~OrderedJobs();
  OrderedJobs(const OrderedJobs&) = delete;
  OrderedJobs& operator=(const OrderedJobs&) = delete;

  void add(Job job);
  // Waits for all jobs; more may be added afterwards.
  void finish();
  // True where a long job should end early: nobody takes its result.
  bool is_given_up() const { return given_up_; }

 private:
  struct Held {
    Job job;
    Finish finish;
    bool is_done = false;
  };

  void work(int64_t thread);
  void take_first();
  void give_up(std::exception_ptr error);

  const size_t most_threads_, most_held_;
  std::vector<std::thread> threads_;
  std::atomic<bool> given_up_ = false;

  std::mutex mutex_;  // of what follows
  std::condition_variable has_work_, is_done_;
  std::deque<Held> held_;
  size_t next_ = 0;  // in held_: the first that no thread has begun
  std::exception_ptr error_;
};

}  // namespace gato
