#include "gato/tokenize/ordered.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>

#include "gato/base/error.h"

using namespace gato;

namespace {

EncodeJob job_of(int32_t token) {
  return [token] {
    return std::vector<Outcome>{attempt([token] {
      if (token % 10 == 9) throw input_error("{}", token);
      // Later jobs end earlier.
      std::this_thread::sleep_for(std::chrono::microseconds(500 - token));
      TokenizedDocument document;
      document.tokens = {token};
      return document;
    })};
  };
}

}  // namespace

TEST_CASE("outcomes come in the order of the jobs, errors among them") {
  for (int64_t threads : {1, 2, 5}) {
    std::vector<int32_t> seen;
    OrderedJobs jobs(threads, [&seen](Outcome&& outcome) {
      seen.push_back(outcome.error ? -1 : outcome.document.tokens[0]);
    });
    std::vector<int32_t> expected;
    for (int32_t i = 0; i < 100; ++i) {
      jobs.add(job_of(i));
      expected.push_back(i % 10 == 9 ? -1 : i);
    }
    jobs.finish();
    CHECK(seen == expected);
  }
}

TEST_CASE("other exceptions end the run, and unfinished jobs are dropped") {
  for (int64_t threads : {1, 3}) {
    OrderedJobs jobs(threads, [](Outcome&&) {});
    const auto fill = [&jobs] {
      jobs.add(
          []() -> std::vector<Outcome> { throw std::logic_error("a bug"); });
      for (int32_t i = 0; i < 20; ++i) jobs.add(job_of(i));
      jobs.finish();
    };
    CHECK_THROWS_AS(fill(), std::logic_error);
  }
}
