#include "gato/data/vocabulary.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "gato/base/error.h"

using namespace gato;
using namespace gato::data;
using Catch::Matchers::Contains;

TEST_CASE("A vocabulary without text has no text ids") {
  const Vocabulary vocabulary = Vocabulary::without_text();
  CHECK_FALSE(vocabulary.has_text());
  CHECK(vocabulary.continuous_begin() == 0);
  CHECK(vocabulary.discrete_begin() == 1024);
  CHECK(vocabulary.separator() == 2048);
  CHECK(vocabulary.size() == 2049);

  const ModalityIdRanges ranges(vocabulary);
  CHECK_FALSE(ranges.contains(Modality::text, 0));
  CHECK(ranges.contains(Modality::padding, 0));
  CHECK(ranges.contains(Modality::continuous_action, 0));
  CHECK(ranges.contains(Modality::discrete_action, 1024));
  CHECK_FALSE(ranges.contains(Modality::discrete_action, 1023));
  CHECK_THAT(ranges.describe(Modality::text, 0), Contains("has no ids"));

  const Vocabulary read = Vocabulary::from_json(vocabulary.to_json());
  CHECK(read.has_same_ids(vocabulary));
  CHECK_FALSE(
      read.has_same_ids(Vocabulary::make("", 1, DiscreteLayout::separate)));
}

TEST_CASE("A vocabulary without text is never an overlap") {
  nlohmann::json json = Vocabulary::without_text().to_json();
  json["discrete"] = "overlap";
  json["size"] = 1025;
  CHECK_THROWS_WITH(Vocabulary::from_json(json), Contains("overlap"));
  json["text_size"] = -1;
  CHECK_THROWS_WITH(Vocabulary::from_json(json), Contains("text_size' is -1"));
}

TEST_CASE("A text model that is too small to overlap is refused") {
  CHECK_THROWS_WITH(
      Vocabulary::make("", 100, DiscreteLayout::overlap),
      Contains("--discrete separate") && Contains("--text-model none"));
}
