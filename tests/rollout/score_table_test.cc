#include "gato/rollout/score_table.h"

#include "catch.h"

using namespace gato;

namespace {

Episode episode_of(std::vector<double> rewards) {
  Episode episode;
  episode.rewards = std::move(rewards);
  return episode;
}

using Cells = std::vector<std::string>;

}  // namespace

TEST_CASE("the table has mean and deviation of the returns") {
  TaskScore score("toy");
  score.add(episode_of({1, 1}));
  score.add(episode_of({4}));
  REQUIRE(score.row() == Cells{"toy", "2", "0", "3", "1", ""});
}

TEST_CASE("success is a share of all episodes, failed ones too") {
  TaskScore score("toy");
  Episode good = episode_of({1});
  good.success = true;
  Episode bad = episode_of({0});
  bad.success = false;
  score.add(good);
  score.add(bad);
  REQUIRE(score.row() == Cells{"toy", "2", "0", "0.5", "0.5", "0.500"});

  Episode broken = episode_of({5});
  broken.failed = true;
  broken.success = true;
  score.add(broken);
  score.add(bad);
  REQUIRE(score.row() == Cells{"toy", "4", "1", "", "", "0.250"});
}
