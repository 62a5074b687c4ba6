#include "gato/tokenize/ordered.h"

#include <utility>

#include "gato/base/error.h"

namespace gato {

Outcome attempt(const std::function<TokenizedDocument()>& encode) {
  Outcome outcome;
  try {
    outcome.document = encode();
  } catch (const Error&) {
    outcome.error = std::current_exception();
  }
  return outcome;
}

OrderedJobs::OrderedJobs(int64_t threads,
                         std::function<void(Outcome&&)> consume)
    : consume_(std::move(consume)),
      most_results_(2 * static_cast<size_t>(threads)) {
  for (int64_t i = 0; i < threads && threads > 1; ++i) {
    threads_.emplace_back([this] { work(); });
  }
}

OrderedJobs::~OrderedJobs() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  has_work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void OrderedJobs::add(EncodeJob job) {
  if (threads_.empty()) {
    for (Outcome& outcome : job()) consume_(std::move(outcome));
    return;
  }
  if (results_.size() == most_results_) consume_first();
  std::packaged_task<std::vector<Outcome>()> task(std::move(job));
  results_.push_back(task.get_future());
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  has_work_.notify_one();
}

void OrderedJobs::finish() {
  while (!results_.empty()) consume_first();
}

void OrderedJobs::consume_first() {
  std::vector<Outcome> outcomes = results_.front().get();
  results_.pop_front();
  for (Outcome& outcome : outcomes) consume_(std::move(outcome));
}

void OrderedJobs::work() {
  while (true) {
    std::unique_lock lock(mutex_);
    has_work_.wait(lock, [this] { return stopped_ || !tasks_.empty(); });
    if (stopped_) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
  }
}

}  // namespace gato
