#include "gato/base/ordered_thread_pool.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>

using namespace gato;
using namespace gato::base;
using Completion = OrderedThreadPool::Completion;

TEST_CASE(
    "Results are delivered once each and in order with any number of threads") {
  const auto owner = std::this_thread::get_id();
  for (int64_t threads : {1, 2, 3, 8}) {
    std::vector<int> delivered;
    bool is_owner = true;
    OrderedThreadPool pool(threads);
    for (int i = 0; i < 40; ++i) {
      pool.submit([&, i](int64_t) {
        // Later jobs often finish first.
        std::this_thread::sleep_for(std::chrono::microseconds(300 * (i % 3)));
        return [&, i] {
          delivered.push_back(i);
          is_owner &= std::this_thread::get_id() == owner;
        };
      });
    }
    pool.wait_all();
    REQUIRE(delivered.size() == 40);
    for (int i = 0; i < 40; ++i) {
      CHECK(delivered[static_cast<size_t>(i)] == i);
    }
    CHECK(is_owner);
  }
}

TEST_CASE("A job receives its thread, and jobs can be submitted after a wait") {
  OrderedThreadPool pool(3);
  pool.wait_all();
  std::vector<int64_t> threads;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 10; ++i) {
      pool.submit([&threads](int64_t thread) {
        return [&threads, thread] { threads.push_back(thread); };
      });
      pool.submit([](int64_t) { return Completion(); });
    }
    pool.wait_all();
  }
  CHECK(threads.size() == 20);
  for (int64_t thread : threads) {
    CHECK((thread >= 0 && thread < 3));
  }
}

TEST_CASE("Jobs do not run far ahead of a slow one") {
  std::atomic<bool> is_slow = true;
  std::atomic<int> started = 0;
  OrderedThreadPool pool(2, 3);
  const auto job = [&](int64_t) {
    if (started++ == 0) {
      // The five other jobs that may be pending start before this one ends.
      while (started < 6) {
        std::this_thread::yield();
      }
      is_slow = false;
    }
    return Completion();
  };
  for (int i = 0; i < 20; ++i) {
    pool.submit(job);
    if (is_slow) {
      CHECK(started <= 6);
    }
  }
  pool.wait_all();
  CHECK(started == 20);
}

TEST_CASE("An exception in a job or a completion ends the work") {
  for (int64_t threads : {1, 2, 5}) {
    for (bool in_completion : {false, true}) {
      int completed = 0;
      const auto work = [&] {
        OrderedThreadPool pool(threads);
        for (int i = 0; i < 100; ++i) {
          pool.submit([&, i](int64_t) {
            if (i == 5 && !in_completion) {
              throw std::runtime_error("five");
            }
            return [&, i] {
              if (i == 5) {
                throw std::runtime_error("five");
              }
              ++completed;
            };
          });
        }
        pool.wait_all();
      };
      CHECK_THROWS_WITH(work(), "five");
      CHECK(completed <= 5);
    }
  }
}

TEST_CASE("A long job can see that it was canceled") {
  OrderedThreadPool pool(2);
  std::atomic<bool> has_started = false;
  pool.submit([&](int64_t) {
    has_started = true;
    while (!pool.is_canceled()) {
      std::this_thread::yield();
    }
    return Completion();
  });
  pool.submit([&](int64_t) -> Completion {
    while (!has_started) {
      std::this_thread::yield();
    }
    throw std::runtime_error("the other");
  });
  CHECK_THROWS_WITH(pool.wait_all(), "the other");
}

TEST_CASE("Jobs that are not waited for are dropped") {
  bool is_completed = false;
  {
    OrderedThreadPool pool(2);
    for (int i = 0; i < 4; ++i) {
      pool.submit([&](int64_t) { return [&] { is_completed = true; }; });
    }
  }
  CHECK_FALSE(is_completed);
}
