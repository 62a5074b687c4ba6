#include "gato/train/ordered_work.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace gato;

TEST_CASE("results are taken in order, each once, by any number of threads") {
  for (int64_t threads : {1, 2, 3, 8}) {
    std::vector<size_t> taken;
    work_in_order(20, threads, [&](size_t i) -> std::function<void()> {
      // Later ones are often done first.
      std::this_thread::sleep_for(std::chrono::microseconds(300 * (i % 3)));
      return [&taken, i] { taken.push_back(i); };
    });
    REQUIRE(taken.size() == 20);
    for (size_t i = 0; i < taken.size(); ++i) CHECK(taken[i] == i);
  }
}

TEST_CASE("nothing to do is done") {
  work_in_order(0, 2, [](size_t) -> std::function<void()> { return [] {}; });
}

TEST_CASE("an error in the work or in taking its result ends it") {
  for (bool while_taking : {false, true}) {
    int taken = 0;
    const auto compute = [&](size_t i) -> std::function<void()> {
      if (i == 5 && !while_taking) throw std::runtime_error("five");
      return [&, i] {
        if (i == 5) throw std::runtime_error("five");
        ++taken;
      };
    };
    CHECK_THROWS_WITH(work_in_order(20, 2, compute), "five");
    CHECK(taken <= 5);
  }
}
