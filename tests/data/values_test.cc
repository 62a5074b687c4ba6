// Arrays, vocabularies and rows of tokens.
#include <catch2/catch.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "data/sample_documents.h"
#include "gato/data/array.h"
#include "gato/data/tokens.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;

TEST_CASE("Elements are converted and saturate") {
  Array bytes = Array::zeros(DType::uint8, {2, 2});
  bytes.set(0, 300);
  bytes.set(1, -5);
  bytes.set(2, 7.9);
  REQUIRE(bytes.as_integer(0) == 255);
  REQUIRE(bytes.as_integer(1) == 0);
  REQUIRE(bytes.as_integer(2) == 7);
  REQUIRE(bytes.row(1).shape == std::vector<int64_t>{2});
  REQUIRE(bytes.row(1).as_integer(0) == 7);
  Array wide = Array::zeros(DType::uint64, {1});
  *wide.data<uint64_t>() = std::numeric_limits<uint64_t>::max();
  REQUIRE(wide.as_integer(0) == std::numeric_limits<int64_t>::max());
  Array numbers = Array::zeros(DType::float32, {});
  numbers.set(0, 0.5);
  REQUIRE(numbers.as_double(0) == 0.5);
}

TEST_CASE("Element types have NumPy's names") {
  for (const char* name : {"bool", "int8", "uint8", "int16", "uint16", "int32",
                           "uint32", "int64", "uint64", "float32", "float64"}) {
    REQUIRE(dtype_name(parse_dtype(name)) == name);
  }
  REQUIRE(thrown_error([] { parse_dtype("complex64"); }).status() ==
          base::ExitStatus::bad_input);
}

TEST_CASE("The ids of a vocabulary follow from its text size and layout") {
  const auto overlap = Vocabulary::make("m", 32000, DiscreteLayout::overlap);
  REQUIRE(overlap.discrete_begin() == 0);
  REQUIRE(overlap.separator() == 33024);
  REQUIRE(overlap.size() == 33025);
  const auto separate = Vocabulary::make("m", 500, DiscreteLayout::separate);
  REQUIRE(separate.continuous_begin() == 500);
  REQUIRE(separate.discrete_begin() == 1524);
  REQUIRE(separate.separator() == 2548);
  REQUIRE(Vocabulary::from_json(separate.to_json()).has_same_ids(separate));
  REQUIRE_FALSE(overlap.has_same_ids(separate));
  REQUIRE(thrown_error([] {
            Vocabulary::make("m", 1023, DiscreteLayout::overlap);
          }).status() == base::ExitStatus::usage);
  nlohmann::json wrong = separate.to_json();
  wrong["size"] = 7;
  REQUIRE(thrown_error([&] { Vocabulary::from_json(wrong); }).status() ==
          base::ExitStatus::bad_input);
}

TEST_CASE("Patch intervals agree with the example of the paper") {
  // An image of 80 x 64 pixels: the second row, the third column.
  const auto interval = patch_interval(1, 2, 4, 5);
  REQUIRE(interval == TokenRow::PatchInterval{32, 64, 51, 77});
  REQUIRE(patch_interval(199, 0, 200, 1) ==
          TokenRow::PatchInterval{127, 128, 0, 128});
  for (int n : {1, 3, 7, 128, 300}) {
    for (int i = 0; i < n; ++i) {
      const auto ends = patch_interval(i, 0, n, 1);
      REQUIRE(ends[0] <= 127);
      REQUIRE(ends[1] > ends[0]);
      REQUIRE(ends[1] <= 128);
    }
  }
}

TEST_CASE("A patch token represents the index of its patch") {
  for (const int64_t index : {0, 1, 1000, 2'147'483'647}) {
    const int32_t token = patch_token(index);
    REQUIRE(is_patch(token));
    REQUIRE(patch_index(token) == index);
  }
  REQUIRE(patch_token(0) == -1);
  REQUIRE_FALSE(is_patch(0));
}

TEST_CASE("A row appends tokens of another row with their patches") {
  Patch dark, bright;
  dark.fill(1);
  bright.fill(200);
  TokenRow first;
  first.push_back(first.add_patch(dark), Modality::patch, 0, {0, 64, 0, 128});
  first.push_back(7, Modality::discrete_action, TokenRow::kActionLocalPosition);
  first.push_back(first.add_patch(bright), Modality::patch, 1,
                  {64, 128, 0, 128});
  TokenRow row;
  row.append(first, 2, 3);
  row.append(first, 0, 2);
  REQUIRE(row.size() == 3);
  REQUIRE(row.tokens == std::vector<int32_t>{-1, -2, 7});
  REQUIRE(row.patches == std::vector<Patch>{bright, dark});
  REQUIRE(row.local_position == std::vector<int16_t>{1, 0, -2});
  REQUIRE(row.interval[0] == TokenRow::PatchInterval{64, 128, 0, 128});
  REQUIRE(row.interval[2] == TokenRow::PatchInterval{});
  row.resize(4);
  REQUIRE(row.tokens.back() == 0);
  REQUIRE(row.modality.back() == Modality::padding);
  REQUIRE(row.local_position.back() == TokenRow::kNoLocalPosition);
}

TEST_CASE("Local positions count the observation tokens of a step") {
  const auto document = make_episode_document(3, 1, 2, 1);
  const auto row = make_token_row(document, 6, 18);
  const std::vector<int16_t> step{0, 1, 2, -1, -2, -2};
  for (size_t i = 0; i < 12; ++i) {
    REQUIRE(row.local_position[i] == step[i % 6]);
  }
  REQUIRE(row.interval[1] == TokenRow::PatchInterval{0, 128, 64, 128});
  REQUIRE(row.interval[2] == TokenRow::PatchInterval{});
  const auto text = make_token_row(make_text_document(4), 1, 4);
  REQUIRE(text.local_position == std::vector<int16_t>(3, -1));
}

TEST_CASE("The local position of a long observation is clamped to 511") {
  auto document = make_episode_document(2, 30, 30, 1);
  const auto row = make_token_row(document, 0, 910);
  REQUIRE(row.local_position[511] == 511);
  REQUIRE(row.local_position[899] == 511);
  REQUIRE(row.local_position[904] == 0);
}
