#include "gato/rollout/return_summary.h"

#include "catch.h"

using namespace gato;
using namespace gato::rollout;

namespace {

data::Episode make_episode(std::vector<double> rewards) {
  data::Episode episode;
  episode.rewards = std::move(rewards);
  return episode;
}

using Cells = std::vector<std::string>;

}  // namespace

TEST_CASE("The table has the mean and standard deviation of the returns") {
  ReturnSummary summary("toy");
  summary.add(make_episode({1, 1}));
  summary.add(make_episode({4}));
  REQUIRE(summary.table_row() == Cells{"toy", "2", "0", "3", "1", ""});
}

TEST_CASE("Success is a fraction of all episodes, including failed ones") {
  ReturnSummary summary("toy");
  data::Episode good = make_episode({1});
  good.success = true;
  data::Episode bad = make_episode({0});
  bad.success = false;
  summary.add(good);
  summary.add(bad);
  REQUIRE(summary.table_row() == Cells{"toy", "2", "0", "0.5", "0.5", "0.500"});

  data::Episode broken = make_episode({5});
  broken.failed = true;
  broken.success = true;
  summary.add(broken);
  summary.add(bad);
  REQUIRE(summary.table_row() == Cells{"toy", "4", "1", "", "", "0.250"});
}
