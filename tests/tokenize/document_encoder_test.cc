#include "gato/tokenize/document_encoder.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "data/make_field.h"
#include "gato/base/error.h"
#include "tokenize/tokenize_reference.h"

using namespace gato;
using namespace gato::tokenize;
using Catch::Matchers::Contains;
using test::make_field;

namespace {

data::Vocabulary make_vocabulary(int32_t text_size) {
  return data::Vocabulary::make("", text_size, data::DiscreteLayout::separate);
}

data::Array make_column(const std::vector<double>& values) {
  data::Array array = data::Array::zeros(
      data::DType::float64, {static_cast<int64_t>(values.size()), 1});
  for (size_t i = 0; i < values.size(); ++i) {
    array.set(static_cast<int64_t>(i), values[i]);
  }
  return array;
}

data::TaskSpec make_number_spec() {
  data::TaskSpec spec;
  spec.observation_fields = {make_field("observation", data::Role::continuous,
                                        data::DType::float64, {1})};
  spec.action_fields = {
      make_field("action", data::Role::continuous, data::DType::float64, {1})};
  return spec;
}

}  // namespace

TEST_CASE("An episode is encoded without its last observation") {
  const data::Vocabulary vocabulary = make_vocabulary(10);
  const StepEncoder encoder(make_number_spec(), vocabulary, nullptr);
  data::Episode episode;
  episode.observations = {make_column({0, 1, -1})};
  episode.actions = {make_column({1, 0})};
  episode.rewards = {0.5, 2};
  const data::TokenizedDocument document = encode_episode(episode, encoder);
  CHECK(document.tokens ==
        std::vector<int32_t>{522, 2058, 754, 754, 2058, 522});
  CHECK(document.step_offset == std::vector<int64_t>{0, 3, 6});
  CHECK(document.is_episode);
  CHECK(document.total_reward == 2.5);
  CHECK(document.labels.empty());

  episode.expert_actions = {make_column({1, 1})};
  CHECK(encode_episode(episode, encoder).labels ==
        std::vector<int32_t>{522, 2058, 754, 754, 2058, 754});

  episode.observations = {make_column({0, std::nan("")})};
  CHECK_THROWS_WITH(encode_episode(episode, encoder),
                    Contains("step 1") && Contains("'observation'"));
}

TEST_CASE("</s> follows only the last text of a document") {
  const TextEncoder text(test::text_model_bytes());
  const data::Vocabulary vocabulary = make_vocabulary(text.size());
  const data::Image image = to_image(test::make_pattern({16, 32, 3}, 1));
  std::vector<int32_t> words;
  text.encode("a red square", words);
  const auto n = static_cast<int64_t>(words.size());

  data::Document page;
  page.items = {image, std::string("a red square"), image};
  const data::TokenizedDocument document =
      encode_document(page, vocabulary, text);
  std::vector<int32_t> expected{-1, -2};
  expected.insert(expected.end(), words.begin(), words.end());
  expected.insert(expected.end(), {text.eos_id(), -3, -4});
  CHECK(document.tokens == expected);
  CHECK(document.modality[n + 2] == data::Modality::text);
  CHECK(document.modality[n + 3] == data::Modality::patch);
  REQUIRE(document.images.size() == 2);
  CHECK(document.images[0].first_token == 0);
  CHECK(document.images[1].first_token == n + 3);
  CHECK(document.step_offset == std::vector<int64_t>{0, n + 5});
  CHECK_FALSE(document.is_episode);
  CHECK(std::isnan(document.total_reward));
}

TEST_CASE(
    "A mark for the end of a text is </s>, and the last one replaces it") {
  const TextEncoder text(test::text_model_bytes());
  const data::Vocabulary vocabulary = make_vocabulary(text.size());
  const data::Image image = to_image(test::make_pattern({16, 16, 3}, 1));
  std::vector<int32_t> words;
  text.encode("a star", words);
  data::Document page;
  page.add_end_of_text();
  page.items.emplace_back(std::string("a star"));
  page.add_end_of_text();
  page.add_end_of_text();
  page.items.emplace_back(std::string("a star"));
  std::vector<int32_t> expected = words;
  expected.push_back(text.eos_id());
  expected.insert(expected.end(), words.begin(), words.end());
  SECTION("The last text has no mark") {
    expected.push_back(text.eos_id());
    page.items.emplace_back(image);
    expected.push_back(-1);
  }
  SECTION("A mark follows the last image") {
    page.items.emplace_back(image);
    page.add_end_of_text();
    expected.insert(expected.end(), {-1, text.eos_id()});
  }
  const data::TokenizedDocument document =
      encode_document(page, vocabulary, text);
  CHECK(document.tokens == expected);
  CHECK(document.modality.size() == expected.size());
}

TEST_CASE("A document without text has no </s>, and an empty one is an error") {
  const TextEncoder text(test::text_model_bytes());
  const data::Vocabulary vocabulary = make_vocabulary(text.size());
  data::Document image;
  image.items = {to_image(test::make_pattern({16, 16, 3}, 1))};
  CHECK(encode_document(image, vocabulary, text).tokens ==
        std::vector<int32_t>{-1});
  CHECK_THROWS_AS(encode_document(data::Document{}, vocabulary, text),
                  base::Error);
}
