#include "gato/ingest/episodes/episode_selection.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <numeric>
#include <set>

#include "gato/base/error.h"
#include "gato/ingest/episodes/episode_selection.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// Returns which of the episodes with these returns are kept.
std::vector<int> kept(EpisodeSelection& selection,
                      const std::vector<double>& returns,
                      const std::string& task = "task") {
  for (double total : returns) {
    selection.add(task, total, std::nullopt);
  }
  std::vector<int> kept;
  for (size_t i = 0; i < returns.size(); ++i) {
    if (selection.accept_next(task)) {
      kept.push_back(static_cast<int>(i));
    }
  }
  return kept;
}

nlohmann::json filter_of(const EpisodeSelection& selection) {
  data::TaskEntry entry;
  entry.spec.name = "task";
  selection.describe(entry);
  return entry.filter;
}

using Counts = std::vector<std::pair<std::string, int64_t>>;

}  // namespace

TEST_CASE("The expert's return is the best mean of W consecutive episodes") {
  CHECK(expert_window_size(1) == 1);
  CHECK(expert_window_size(9) == 1);
  CHECK(expert_window_size(29) == 2);
  CHECK(expert_window_size(10000) == 1000);
  CHECK(expert_window_size(123456) == 1000);

  CHECK(expert_return({3}) == 3);
  CHECK(expert_return({-5, -2, -3}) == -2);
  std::vector<double> returns(20);  // W = 2
  returns[4] = 10;
  returns[18] = returns[19] = 6;
  CHECK(expert_return(returns) == 6);
}

TEST_CASE("Episodes close to the expert's return are kept") {
  EpisodeSelection selection({.min_return_fraction = 0.8});
  REQUIRE(selection.needs_all_episodes());
  selection.add("other", 1, std::nullopt);
  CHECK(kept(selection, {10, 8, 7.9}) == std::vector<int>{0, 1});
  CHECK(selection.accept_next("other"));
  CHECK(selection.rejected_counts() == Counts{{"filtered", 1}});

  data::TaskEntry entry;
  entry.spec.name = "task";
  selection.describe(entry);
  CHECK(entry.expert_return == 10);
  CHECK(entry.filter == nlohmann::json{{"episodes", 3},
                                       {"kept", 2},
                                       {"keep_return", 0.8},
                                       {"window", 1},
                                       {"threshold", 8.0},
                                       {"filtered", 1}});
}

TEST_CASE(
    "A fraction of a return that is not positive needs the return of a random "
    "policy") {
  EpisodeSelection without({.min_return_fraction = 0.8});
  without.add("task", -10, std::nullopt);
  CHECK_THROWS_WITH(without.accept_next("task"),
                    Contains("'task'") && Contains("--random-return"));
  EpisodeSelection with({.min_return_fraction = 0.8, .random_return = -110.0});
  CHECK(kept(with, {-10, -30, -31}) == std::vector<int>{0, 1});
}

TEST_CASE(
    "Without a selection all episodes are kept, and the expert's return is "
    "recorded") {
  EpisodeSelection selection({});
  CHECK_FALSE(selection.needs_all_episodes());
  CHECK(kept(selection, {-3, unknown, -100}) == std::vector<int>{0, 1, 2});
  data::TaskEntry entry;
  entry.spec.name = "task";
  selection.describe(entry);
  CHECK(entry.expert_return == -3);
  CHECK(entry.filter.is_null());
  CHECK(selection.rejected_counts() == Counts{{"filtered", 0}});
}

TEST_CASE("Episodes with unknown returns can be sampled but not compared") {
  EpisodeSelection share({.min_return_fraction = 0.5}), best({.best_count = 1});
  CHECK_THROWS_WITH(share.add("task", unknown, true), Contains("keep-return"));
  CHECK_THROWS_WITH(best.add("task", unknown, true), Contains("--best"));
  EpisodeSelection sampled({.sample_count = 1});
  CHECK(kept(sampled, {unknown, unknown}).size() == 1);
}

TEST_CASE("The best episodes are kept, the earlier one if returns are equal") {
  EpisodeSelection selection({.best_count = 3});
  CHECK(kept(selection, {1, 5, 2, 5, 2, 2}) == std::vector<int>{1, 2, 3});
  CHECK(selection.rejected_counts() ==
        Counts{{"filtered", 0}, {"not_best", 3}});
  CHECK(filter_of(selection) ==
        nlohmann::json{
            {"episodes", 6}, {"kept", 3}, {"best", 3}, {"not_best", 3}});
  EpisodeSelection all({.best_count = 3});
  CHECK(kept(all, {1, 2}) == std::vector<int>{0, 1});
}

TEST_CASE("Samples are nested, seeded, and the same as gato-finetune's") {
  std::vector<double> returns(2000);
  std::iota(returns.begin(), returns.end(), 0);
  std::vector<int> larger;
  for (int64_t count : {1000, 100, 10, 5, 3, 1}) {
    EpisodeSelection selection({.sample_count = count, .seed = 9});
    const auto sampled = kept(selection, returns);
    REQUIRE(static_cast<int64_t>(sampled.size()) == count);
    CHECK((larger.empty() || std::includes(larger.begin(), larger.end(),
                                           sampled.begin(), sampled.end())));
    larger = sampled;
  }
  CHECK(larger[0] == sample_episodes(9, 1, 2000, 1)[0]);
  EpisodeSelection first({.sample_count = 10, .seed = 9});
  EpisodeSelection second({.sample_count = 10, .seed = 10});
  CHECK(kept(first, returns) != kept(second, returns));
}

TEST_CASE("Known successes are kept, judged one at a time") {
  EpisodeSelection selection({.successful_only = true});
  CHECK_FALSE(selection.needs_all_episodes());
  std::vector<bool> kept;
  for (const std::optional<bool> success :
       {std::optional(true), std::optional(false), std::optional<bool>()}) {
    selection.add("task", 0, success);
    kept.push_back(selection.accept_next("task"));
  }
  CHECK(kept == std::vector<bool>{true, false, false});
  CHECK(selection.rejected_counts() ==
        Counts{{"filtered", 0}, {"unsuccessful", 2}});
  CHECK(filter_of(selection) ==
        nlohmann::json{{"episodes", 3}, {"kept", 1}, {"unsuccessful", 2}});
}

TEST_CASE(
    "Each criterion applies to the episodes that the previous ones keep") {
  // Episodes 0 to 39 are successful and have the returns 0 to 39. W = 4, and
  // the expert's return is that of the failures, 100.
  EpisodeSelection selection({.successful_only = true,
                              .min_return_fraction = 0.2,
                              .best_count = 15,
                              .sample_count = 5,
                              .seed = 1});
  for (int i = 0; i < 40; ++i) {
    selection.add("task", i, true);
  }
  for (int i = 0; i < 4; ++i) {
    selection.add("task", 100, false);
  }
  int64_t kept = 0;
  for (int i = 0; i < 44; ++i) {
    const bool is_kept = selection.accept_next("task");
    kept += is_kept;
    // Returns of at least 20, and the 15 best of 0 to 39.
    if (is_kept) {
      CHECK((i >= 25 && i < 40));
    }
  }
  CHECK(kept == 5);
  CHECK(selection.rejected_counts() == Counts{{"filtered", 20},
                                              {"unsuccessful", 4},
                                              {"not_best", 5},
                                              {"not_drawn", 10}});
  const nlohmann::json filter = filter_of(selection);
  CHECK(filter["threshold"] == 20);
  CHECK(filter["episodes"] == 44);
  CHECK(filter["kept"] == 5);
  CHECK(filter["seed"] == 1);
}

TEST_CASE(
    "Smaller samples are subsets of larger ones, repeats and seeds differ") {
  std::vector<int64_t> larger = sample_episodes(3, 1, 2000, 1000);
  for (int64_t count : {100, 10, 5, 3, 1}) {
    const auto sampled = sample_episodes(3, 1, 2000, count);
    REQUIRE(static_cast<int64_t>(sampled.size()) == count);
    const std::set<int64_t> among(larger.begin(), larger.end());
    for (int64_t i : sampled) {
      CHECK(among.contains(i));
    }
    larger = sampled;
  }
  const auto ten = sample_episodes(3, 1, 1000, 10);
  CHECK(ten != sample_episodes(3, 2, 1000, 10));
  CHECK(ten != sample_episodes(4, 1, 1000, 10));
}

TEST_CASE("Samples do not change between releases") {
  CHECK(sample_episodes(3, 1, 1000, 5) ==
        std::vector<int64_t>{818, 859, 241, 626, 126});
}

TEST_CASE("All episodes can be sampled, but not more") {
  auto all = sample_episodes(3, 1, 7, 7);
  std::sort(all.begin(), all.end());
  CHECK(all == std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6});
  CHECK(sample_episodes(3, 1, 0, 0).empty());
  CHECK_THROWS_AS(sample_episodes(3, 1, 7, 8), base::Error);
}
