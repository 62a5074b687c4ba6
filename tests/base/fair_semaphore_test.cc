#include "gato/base/fair_semaphore.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace gato::base;

TEST_CASE("A semaphore limits how many threads compute") {
  FairSemaphore semaphore(2);
  std::atomic<int> active = 0, most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      Permit permit(&semaphore);
      for (int step = 0; step < 100; ++step) {
        const int now = ++active;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        --active;
        permit.yield();
        if (step % 10 == 0) {
          permit.release();
          permit.acquire();
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  REQUIRE(most >= 1);
  REQUIRE(most <= 2);
}

TEST_CASE("A thread that yields lets the waiting ones go first") {
  FairSemaphore semaphore(1);
  semaphore.acquire();
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      semaphore.acquire();
      order.push_back(i);
      semaphore.release();
    });
    while (semaphore.waiter_count() <= i) {
      std::this_thread::yield();
    }
  }
  semaphore.yield();
  REQUIRE(order == std::vector<int>{0, 1, 2});
  semaphore.release();
  for (std::thread& thread : threads) {
    thread.join();
  }
}

TEST_CASE("A permit of no semaphore has no effect") {
  Permit permit(nullptr);
  permit.yield();
  permit.release();
  permit.acquire();
}
