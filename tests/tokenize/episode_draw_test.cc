#include "gato/tokenize/episode_draw.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "gato/base/error.h"

using namespace gato;

TEST_CASE("smaller draws lie within larger ones, repeats and seeds differ") {
  std::vector<int64_t> larger = draw_episodes(3, 1, 2000, 1000);
  for (int64_t count : {100, 10, 5, 3, 1}) {
    const auto drawn = draw_episodes(3, 1, 2000, count);
    REQUIRE(static_cast<int64_t>(drawn.size()) == count);
    const std::set<int64_t> among(larger.begin(), larger.end());
    for (int64_t i : drawn) CHECK(among.contains(i));
    larger = drawn;
  }
  const auto ten = draw_episodes(3, 1, 1000, 10);
  CHECK(ten != draw_episodes(3, 2, 1000, 10));
  CHECK(ten != draw_episodes(4, 1, 1000, 10));
}

TEST_CASE("draws stay what they are") {
  CHECK(draw_episodes(3, 1, 1000, 5) ==
        std::vector<int64_t>{818, 859, 241, 626, 126});
}

TEST_CASE("all episodes can be drawn, more cannot") {
  auto all = draw_episodes(3, 1, 7, 7);
  std::sort(all.begin(), all.end());
  CHECK(all == std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6});
  CHECK(draw_episodes(3, 1, 0, 0).empty());
  CHECK_THROWS_AS(draw_episodes(3, 1, 7, 8), Error);
}
