#include "gato/tokenize/document.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "gato/base/error.h"
#include "tokenize/reference.h"

using namespace gato;
using Catch::Matchers::Contains;

namespace {

Vocabulary vocabulary_of(const TextEncoder& text) {
  Vocabulary vocabulary;
  vocabulary.text_size = text.size();
  vocabulary.discrete = DiscreteLayout::separate;
  return vocabulary;
}

Array column(const std::vector<double>& values) {
  Array array =
      Array::zeros(DType::float64, {static_cast<int64_t>(values.size()), 1});
  for (size_t i = 0; i < values.size(); ++i) {
    array.set(static_cast<int64_t>(i), values[i]);
  }
  return array;
}

TaskSpec spec_of_one_number() {
  TaskSpec spec;
  Field field;
  field.shape = {1};
  field.name = "observation";
  spec.observation = {field};
  field.name = "action";
  spec.action = {field};
  return spec;
}

}  // namespace

TEST_CASE("an episode has T steps, and its last observation is left out") {
  Vocabulary vocabulary;
  vocabulary.text_size = 10;
  vocabulary.discrete = DiscreteLayout::separate;
  const StepEncoder encoder(spec_of_one_number(), vocabulary, nullptr);
  Episode episode;
  episode.observations = {column({0, 1, -1})};
  episode.actions = {column({1, 0})};
  episode.rewards = {0.5, 2};
  const TokenizedDocument document = encode_episode(episode, encoder);
  CHECK(document.tokens ==
        std::vector<int32_t>{522, 2058, 754, 754, 2058, 522});
  CHECK(document.step_offset == std::vector<int64_t>{0, 3, 6});
  CHECK(document.is_episode);
  CHECK(document.total_reward == 2.5);
  CHECK(document.labels.empty());

  episode.expert_actions = {column({1, 1})};
  CHECK(encode_episode(episode, encoder).labels ==
        std::vector<int32_t>{522, 2058, 754, 754, 2058, 754});

  episode.observations = {column({0, std::nan("")})};
  CHECK_THROWS_WITH(encode_episode(episode, encoder),
                    Contains("step 1") && Contains("'observation'"));
}

TEST_CASE("text ends once, after its last piece") {
  const TextEncoder text(test::text_model_bytes());
  const Vocabulary vocabulary = vocabulary_of(text);
  const Image image = image_of(test::pattern({16, 32, 3}, 1));
  std::vector<int32_t> words;
  text.encode("a red square", words);
  const auto n = static_cast<int64_t>(words.size());

  Document page;
  page.items = {image, std::string("a red square"), image};
  const TokenizedDocument document = encode_document(page, vocabulary, text);
  std::vector<int32_t> expected{-1, -2};
  expected.insert(expected.end(), words.begin(), words.end());
  expected.insert(expected.end(), {text.end_of_text(), -3, -4});
  CHECK(document.tokens == expected);
  CHECK(document.modality[n + 2] == Modality::text);
  CHECK(document.modality[n + 3] == Modality::patch);
  REQUIRE(document.images.size() == 2);
  CHECK(document.images[0].token == 0);
  CHECK(document.images[1].token == n + 3);
  CHECK(document.step_offset == std::vector<int64_t>{0, n + 5});
  CHECK_FALSE(document.is_episode);
  CHECK(std::isnan(document.total_reward));
}

TEST_CASE("documents without text have no end mark; empty ones are errors") {
  const TextEncoder text(test::text_model_bytes());
  const Vocabulary vocabulary = vocabulary_of(text);
  Document picture;
  picture.items = {image_of(test::pattern({16, 16, 3}, 1))};
  CHECK(encode_document(picture, vocabulary, text).tokens ==
        std::vector<int32_t>{-1});
  CHECK_THROWS_AS(encode_document(Document{}, vocabulary, text), Error);
}
