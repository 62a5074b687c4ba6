// Work on many threads whose results come out in the order it went in.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "gato/data/tokens.h"

namespace gato {

// What became of one record: a document, or an error.
struct Outcome {
  TokenizedDocument document;
  std::exception_ptr error;
};
// Encodes one or several records; an exception that it throws ends the run.
using EncodeJob = std::function<std::vector<Outcome>()>;

// The outcome of `encode`, with an Error kept as such.
Outcome attempt(const std::function<TokenizedDocument()>& encode);

// Runs jobs on `threads` threads and hands their outcomes to `consume` on the
// calling thread, in the order in which the jobs were added. At most 2 x
// threads jobs are held at a time, so memory is bounded by that many records.
class OrderedJobs {
 public:
  OrderedJobs(int64_t threads, std::function<void(Outcome&&)> consume);
  ~OrderedJobs();  // what was not consumed is dropped

  void add(EncodeJob job);
  // Waits for all jobs and consumes the rest.
  void finish();

 private:
  void work();
  void consume_first();

  std::function<void(Outcome&&)> consume_;
  std::deque<std::future<std::vector<Outcome>>> results_;
  size_t most_results_;

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<std::packaged_task<std::vector<Outcome>()>> tasks_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace gato
