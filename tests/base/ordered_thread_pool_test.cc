#include "gato/base/ordered_thread_pool.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>

using namespace gato;
using namespace gato::base;
using Finish = OrderedThreadPool::Completion;

TEST_CASE("results are taken in order, each once, by any number of threads") {
  const auto owner = std::this_thread::get_id();
  for (int64_t threads : {1, 2, 3, 8}) {
    std::vector<int> taken;
    bool is_owner = true;
    OrderedThreadPool jobs(threads);
    for (int i = 0; i < 40; ++i) {
      jobs.submit([&, i](int64_t) {
        // Later ones are often done first.
        std::this_thread::sleep_for(std::chrono::microseconds(300 * (i % 3)));
        return [&, i] {
          taken.push_back(i);
          is_owner &= std::this_thread::get_id() == owner;
        };
      });
    }
    jobs.wait_all();
    REQUIRE(taken.size() == 40);
    for (int i = 0; i < 40; ++i) {
      CHECK(taken[static_cast<size_t>(i)] == i);
    }
    CHECK(is_owner);
  }
}

TEST_CASE("a job knows its thread, and more jobs follow after the last") {
  OrderedThreadPool jobs(3);
  jobs.wait_all();
  std::vector<int64_t> threads;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 10; ++i) {
      jobs.submit([&threads](int64_t thread) {
        return [&threads, thread] { threads.push_back(thread); };
      });
      jobs.submit([](int64_t) { return Finish(); });
    }
    jobs.wait_all();
  }
  CHECK(threads.size() == 20);
  for (int64_t thread : threads) {
    CHECK((thread >= 0 && thread < 3));
  }
}

TEST_CASE("jobs do not run far ahead of a slow one") {
  std::atomic<bool> is_slow = true;
  std::atomic<int> begun = 0;
  OrderedThreadPool jobs(2, 3);
  const auto job = [&](int64_t) {
    if (begun++ == 0) {
      // The five others that may be held are begun before this one is done.
      while (begun < 6) {
        std::this_thread::yield();
      }
      is_slow = false;
    }
    return Finish();
  };
  for (int i = 0; i < 20; ++i) {
    jobs.submit(job);
    if (is_slow) {
      CHECK(begun <= 6);
    }
  }
  jobs.wait_all();
  CHECK(begun == 20);
}

TEST_CASE("an error in a job or in taking its result ends the work") {
  for (int64_t threads : {1, 2, 5}) {
    for (bool while_taking : {false, true}) {
      int taken = 0;
      const auto work = [&] {
        OrderedThreadPool jobs(threads);
        for (int i = 0; i < 100; ++i) {
          jobs.submit([&, i](int64_t) {
            if (i == 5 && !while_taking) {
              throw std::runtime_error("five");
            }
            return [&, i] {
              if (i == 5) {
                throw std::runtime_error("five");
              }
              ++taken;
            };
          });
        }
        jobs.wait_all();
      };
      CHECK_THROWS_WITH(work(), "five");
      CHECK(taken <= 5);
    }
  }
}

TEST_CASE("a long job is told that its result is wanted no more") {
  OrderedThreadPool jobs(2);
  std::atomic<bool> has_begun = false;
  jobs.submit([&](int64_t) {
    has_begun = true;
    while (!jobs.is_canceled()) {
      std::this_thread::yield();
    }
    return Finish();
  });
  jobs.submit([&](int64_t) -> Finish {
    while (!has_begun) {
      std::this_thread::yield();
    }
    throw std::runtime_error("the other");
  });
  CHECK_THROWS_WITH(jobs.wait_all(), "the other");
}

TEST_CASE("jobs that are not waited for are dropped") {
  bool is_taken = false;
  {
    OrderedThreadPool jobs(2);
    for (int i = 0; i < 4; ++i) {
      jobs.submit([&](int64_t) { return [&] { is_taken = true; }; });
    }
  }
  CHECK_FALSE(is_taken);
}
