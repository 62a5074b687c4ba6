#include "gato/tokenize/episode_filter.h"

#include <catch2/catch.hpp>
#include <limits>

#include "gato/base/error.h"
#include "gato/tokenize/expert_return.h"

using namespace gato;
using Catch::Matchers::Contains;

TEST_CASE("the expert's return is the best mean of W consecutive episodes") {
  CHECK(expert_window(1) == 1);
  CHECK(expert_window(9) == 1);
  CHECK(expert_window(29) == 2);
  CHECK(expert_window(10000) == 1000);
  CHECK(expert_window(123456) == 1000);

  CHECK(expert_return({3}) == 3);
  CHECK(expert_return({-5, -2, -3}) == -2);
  std::vector<double> returns(20);  // W = 2
  returns[4] = 10;
  returns[18] = returns[19] = 6;
  CHECK(expert_return(returns) == 6);
}

TEST_CASE("episodes near the expert's return are kept") {
  EpisodeFilter filter(0.8, std::nullopt);
  for (double total : {10.0, 8.0, 7.9}) filter.add("task", total);
  filter.add("other", 1);
  CHECK(filter.keeps("task", 8));
  CHECK_FALSE(filter.keeps("task", 7.9));
  CHECK(filter.keeps("other", 1));

  TaskEntry entry;
  entry.spec.name = "task";
  filter.describe(entry);
  CHECK(entry.expert_return == 10);
  CHECK(entry.filter["kept"] == 2);
  CHECK(entry.filter["episodes"] == 3);
  CHECK(entry.filter["threshold"] == 8);
}

TEST_CASE("shares of a return that is not positive need a random policy's") {
  EpisodeFilter without(0.8, std::nullopt);
  without.add("task", -10);
  CHECK_THROWS_WITH(without.keeps("task", -10),
                    Contains("'task'") && Contains("--random-return"));
  EpisodeFilter with(0.8, -110.0);
  with.add("task", -10);
  CHECK(with.keeps("task", -30));
  CHECK_FALSE(with.keeps("task", -31));
}

TEST_CASE("without a share all is kept, and the expert's return still told") {
  EpisodeFilter filter(std::nullopt, std::nullopt);
  filter.add("task", -3);
  filter.add("task", std::numeric_limits<double>::quiet_NaN());
  CHECK(filter.keeps("task", -100));
  TaskEntry entry;
  entry.spec.name = "task";
  filter.describe(entry);
  CHECK(entry.expert_return == -3);
  CHECK(entry.filter.is_null());

  EpisodeFilter active(0.5, std::nullopt);
  CHECK_THROWS_AS(active.add("task", std::numeric_limits<double>::quiet_NaN()),
                  Error);
}
