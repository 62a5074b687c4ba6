#include "gato/ingest/episodes/numbered_groups.h"

#include <catch2/catch.hpp>

using namespace gato;
using namespace gato::ingest;

TEST_CASE("Numbered names are sorted by number") {
  CHECK(sorted_number_suffixes(
            {"demo_10", "demo_2", "demo_0", "demo_", "demo_1b", "demo_07",
             "demo", "episode_1", "demo_-1", "demo_99999999999999999999"},
            "demo_") == std::vector<int64_t>{0, 2, 10});
}

TEST_CASE("Names without a number are returned separately") {
  CHECK(unnumbered_names({"demo_10", "demo_07", "demo_x", "mask"}, "demo_") ==
        std::vector<std::string>{"demo_07", "demo_x", "mask"});
}
