// Items worked on by several threads, results taken in the order of the items.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace gato {

// True where another thread has failed and work should be given up.
using GivenUp = std::function<bool()>;

// Works on items [0, items). `make_worker` is called in each of the threads,
// one at a time; the worker it returns is then called there, for item after
// item. `deliver` gets every result, in order, one at a time. The first
// exception is rethrown when all threads have ended.
template <class Result>
void in_order(int64_t items, int64_t threads,
              const std::function<std::function<Result(int64_t item)>(GivenUp)>&
                  make_worker,
              const std::function<void(Result&&)>& deliver) {
  std::atomic<int64_t> next_item = 0;
  std::atomic<bool> failed = false;
  std::mutex mutex;  // of what follows, and of both functions
  std::map<int64_t, Result> waiting;
  int64_t delivered = 0;
  std::exception_ptr error;

  const auto take = [&](int64_t item, Result&& result) {
    const std::lock_guard lock(mutex);
    waiting.emplace(item, std::move(result));
    for (auto next = waiting.find(delivered); next != waiting.end();
         next = waiting.find(++delivered)) {
      deliver(std::move(next->second));
      waiting.erase(next);
    }
  };
  const auto work = [&] {
    try {
      std::function<Result(int64_t)> worker;
      for (int64_t item = next_item++; item < items && !failed;
           item = next_item++) {
        if (!worker) {
          const std::lock_guard lock(mutex);
          worker = make_worker([&failed] { return failed.load(); });
        }
        Result result = worker(item);
        if (!failed) take(item, std::move(result));
      }
    } catch (...) {
      failed = true;
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  };

  std::vector<std::thread> workers;
  for (int64_t i = 0; i < std::clamp<int64_t>(threads, 1, items); ++i)
    workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  if (error) std::rethrow_exception(error);
}

}  // namespace gato
