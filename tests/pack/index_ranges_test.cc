#include "gato/pack/index_ranges.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace gato;
using namespace gato::pack;

TEST_CASE("Documents are indexed in the order of addition") {
  const std::vector<int64_t> added{3, 4, 5, 9, 12, 13, 20};
  IndexRanges ranges;
  for (int64_t document : added) {
    ranges.add(document);
  }
  REQUIRE(ranges.size() == 7);
  for (int64_t index = 0; index < 7; ++index) {
    REQUIRE(ranges.at(index) == added[index]);
    REQUIRE(ranges.index_of(added[index]) == index);
  }
}

TEST_CASE("Documents may be added in any order") {
  IndexRanges ranges;
  for (int64_t document : {7, 8, 2, 3, 9}) {
    ranges.add(document);
  }
  REQUIRE(ranges.at(1) == 8);
  REQUIRE(ranges.at(2) == 2);
  REQUIRE(ranges.at(4) == 9);
}

TEST_CASE("Each document has a part in proportion to its weight") {
  WeightedSampler documents;
  const auto weight = [](int64_t document) { return document % 5 + 1; };
  std::vector<int64_t> expected;
  for (int64_t document = 10; document < 110; document += document % 3 + 1) {
    documents.add(document, weight(document));
    expected.insert(expected.end(), weight(document), document);
  }
  REQUIRE(documents.total_weight() == static_cast<int64_t>(expected.size()));
  for (int64_t value = 0; value < documents.total_weight(); ++value) {
    REQUIRE(documents.sample(value, weight) == expected[value]);
  }
}
