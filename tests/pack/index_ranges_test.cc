#include "gato/pack/index_ranges.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace gato;
using namespace gato::pack;

TEST_CASE("runs of documents are numbered as they were added") {
  const std::vector<int64_t> added{3, 4, 5, 9, 12, 13, 20};
  IndexRanges runs;
  for (int64_t document : added) runs.add(document);
  REQUIRE(runs.size() == 7);
  for (int64_t place = 0; place < 7; ++place) {
    REQUIRE(runs.at(place) == added[place]);
    REQUIRE(runs.index_of(added[place]) == place);
  }
}

TEST_CASE("documents that were not added in order keep their places") {
  IndexRanges runs;
  for (int64_t document : {7, 8, 2, 3, 9}) runs.add(document);
  REQUIRE(runs.at(1) == 8);
  REQUIRE(runs.at(2) == 2);
  REQUIRE(runs.at(4) == 9);
}

TEST_CASE("each document has a part of its weight, in order") {
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
