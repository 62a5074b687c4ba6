#include "gato/rollout/return_summary.h"

#include "catch.h"

using namespace gato;
using namespace gato::rollout;

namespace {

data::Episode episode_of(std::vector<double> rewards) {
  data::Episode episode;
  episode.rewards = std::move(rewards);
  return episode;
}

using Cells = std::vector<std::string>;

}  // namespace

TEST_CASE("the table has mean and deviation of the returns") {
  ReturnSummary score("toy");
  score.add(episode_of({1, 1}));
  score.add(episode_of({4}));
  REQUIRE(score.table_row() == Cells{"toy", "2", "0", "3", "1", ""});
}

TEST_CASE("success is a share of all episodes, failed ones too") {
  ReturnSummary score("toy");
  data::Episode good = episode_of({1});
  good.success = true;
  data::Episode bad = episode_of({0});
  bad.success = false;
  score.add(good);
  score.add(bad);
  REQUIRE(score.table_row() == Cells{"toy", "2", "0", "0.5", "0.5", "0.500"});

  data::Episode broken = episode_of({5});
  broken.failed = true;
  broken.success = true;
  score.add(broken);
  score.add(bad);
  REQUIRE(score.table_row() == Cells{"toy", "4", "1", "", "", "0.250"});
}
