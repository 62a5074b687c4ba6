#include "gato/ingest/episodes/numbered_groups.h"

#include <catch2/catch.hpp>

using namespace gato;
using namespace gato::ingest;

TEST_CASE("Numbered names are sorted by number") {
  CHECK(sort_numbered_names(
            {"demo_10", "demo_2", "demo_0", "demo_", "demo_1b", "demo_007",
             "demo", "episode_1", "demo_-1", "demo_99999999999999999999"},
            "demo_") ==
        std::vector<NumberedName>{
            {0, "demo_0"}, {2, "demo_2"}, {7, "demo_007"}, {10, "demo_10"}});
}

TEST_CASE("Names with the same number are refused") {
  CHECK_THROWS_WITH(
      sort_numbered_names({"demo_1", "demo_2", "demo_01"}, "demo_"),
      "'demo_1' and 'demo_01' have the same number: rename or remove one of "
      "them");
}

TEST_CASE("Names without a number are returned separately") {
  CHECK(unnumbered_names({"demo_10", "demo_07", "demo_x", "mask"}, "demo_") ==
        std::vector<std::string>{"demo_x", "mask"});
}
