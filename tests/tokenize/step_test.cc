#include "gato/tokenize/step.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "gato/base/error.h"
#include "tokenize/reference.h"

using namespace gato;
using Catch::Matchers::Contains;

namespace {

Field field_of(const std::string& name, Role role, DType dtype,
               std::vector<int64_t> shape) {
  Field field;
  field.name = name;
  field.role = role;
  field.dtype = dtype;
  field.shape = std::move(shape);
  return field;
}

Array number(DType dtype, double value) {
  Array array = Array::zeros(dtype, {1});
  array.set(0, value);
  return array;
}

struct Fixture {
  TextEncoder text{test::text_model_bytes()};
  Vocabulary vocabulary;
  TaskSpec spec;

  Fixture() {
    vocabulary.text_size = text.size();
    vocabulary.discrete = DiscreteLayout::separate;
    spec.name = "grid/example";
    spec.observation = {
        field_of("mission", Role::text, DType::uint8, {}),
        field_of("view", Role::image, DType::uint8, {20, 16, 3}),
        field_of("direction", Role::discrete, DType::int64, {1}),
        field_of("speed", Role::continuous, DType::float32, {1})};
    spec.action = {field_of("button", Role::discrete, DType::int64, {1}),
                   field_of("force", Role::continuous, DType::float32, {1})};
    spec.action[0].n = {4};
    spec.action[0].start = {1};
    spec.action[1].low = {-2};
    spec.action[1].high = {2};
  }

  Values observation(double speed = 0.5) const {
    return {std::string("go"), test::pattern({20, 16, 3}, 1),
            number(DType::int64, 3), number(DType::float32, speed)};
  }
  static Values action(double button, double force) {
    return {number(DType::int64, button), number(DType::float32, force)};
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a step is text, image, numbers, separator, action") {
  const StepEncoder encoder(spec, vocabulary, &text);
  std::vector<int32_t> words;
  text.encode("go", words);
  const int32_t V = text.size();

  TokenizedDocument document;
  encoder.encode_observation(observation(), document);
  encoder.encode_action(action(2, -2), nullptr, document);

  std::vector<int32_t> expected = words;
  expected.insert(expected.end(), {-1, -2, V + 1024 + 3, V + 710, V + 2048,
                                   V + 1024 + 1, V + 0});
  CHECK(document.tokens == expected);
  std::vector<Modality> modality(words.size(), Modality::text);
  modality.insert(
      modality.end(),
      {Modality::patch, Modality::patch, Modality::discrete_observation,
       Modality::continuous_observation, Modality::separator,
       Modality::discrete_action, Modality::continuous_action});
  CHECK(document.modality == modality);
  CHECK(document.labels.empty());
}

TEST_CASE_METHOD(Fixture, "an action's ids are allowed and decode to it") {
  const StepEncoder encoder(spec, vocabulary, &text);
  const int32_t V = text.size();
  REQUIRE(encoder.action_tokens() == 2);
  CHECK(encoder.action_ranges()[0] == IdRange{V + 1024, V + 1028});
  CHECK(encoder.action_ranges()[1] == IdRange{V, V + 1024});
  CHECK(encoder.action_modality(0) == Modality::discrete_action);
  CHECK(encoder.action_modality(1) == Modality::continuous_action);

  const Values values =
      encoder.decode_action(std::vector<int32_t>{V + 1027, V + 1023});
  const auto& button = std::get<Array>(values[0]);
  CHECK(button.dtype == DType::int64);
  CHECK(button.as_integer(0) == 4);
  const auto& force = std::get<Array>(values[1]);
  CHECK(force.dtype == DType::float32);
  CHECK(force.as_double(0) == Approx(2 * 1023.0 / 1024));
  CHECK_THROWS_AS(encoder.decode_action(std::vector<int32_t>{V}), Error);
}

TEST_CASE_METHOD(Fixture, "the expert's action is the label of the executed") {
  const StepEncoder encoder(spec, vocabulary, &text);
  TokenizedDocument document;
  encoder.encode_observation(observation(), document);
  const Values expert = action(1, 2);
  encoder.encode_action(action(4, 0), &expert, document);
  const int32_t V = text.size();
  REQUIRE(document.labels.size() == document.tokens.size());
  const size_t n = document.tokens.size();
  CHECK(document.labels[n - 3] == document.tokens[n - 3]);
  CHECK(document.labels[n - 2] == V + 1024);
  CHECK(document.labels[n - 1] == V + 1023);
  CHECK(document.tokens[n - 2] == V + 1024 + 3);
  CHECK(document.tokens[n - 1] == V + 512);
}

TEST_CASE_METHOD(Fixture, "an observation comes back as values") {
  const StepEncoder encoder(spec, vocabulary, &text);
  TokenizedDocument document;
  encoder.encode_observation(observation(0.5), document);
  const auto values =
      encoder.decode_observation(document.tokens, document.modality);
  CHECK(std::get<std::string>(values[0].value()) == "go");
  CHECK_FALSE(values[1].has_value());
  CHECK(std::get<Array>(values[2].value()).as_integer(0) == 3);
  CHECK(std::get<Array>(values[3].value()).as_double(0) ==
        Approx(0.5).epsilon(0.02));
}

TEST_CASE_METHOD(Fixture, "clipped actions are counted") {
  const StepEncoder encoder(spec, vocabulary, &text);
  TokenizedDocument document;
  OutsideTally outside;
  encoder.encode_action(action(1, 1), nullptr, document, &outside);
  CHECK(outside.empty());
  encoder.encode_action(action(1, 5), nullptr, document, &outside);
  encoder.encode_action(action(1, -7), nullptr, document, &outside);
  REQUIRE(outside.size() == 1);
  CHECK(outside.at("force").count == 2);
  CHECK(outside.at("force").first == 5);
  CHECK(outside.at("force").role == Role::continuous);
}

TEST_CASE_METHOD(Fixture, "text and image actions are refused") {
  spec.action[1].role = Role::text;
  CHECK_THROWS_WITH(StepEncoder(spec, vocabulary, &text),
                    Contains("'force'") && Contains("text"));
  spec.action[1].role = Role::image;
  CHECK_THROWS_WITH(StepEncoder(spec, vocabulary, &text), Contains("image"));
  spec.action.clear();
  CHECK_THROWS_AS(StepEncoder(spec, vocabulary, &text), Error);
}

TEST_CASE_METHOD(Fixture, "text without a model and NaN are refused") {
  CHECK_THROWS_WITH(StepEncoder(spec, vocabulary, nullptr),
                    Contains("'mission'"));
  const StepEncoder encoder(spec, vocabulary, &text);
  TokenizedDocument document;
  CHECK_THROWS_WITH(
      encoder.encode_observation(observation(std::nan("")), document),
      Contains("'speed'") && Contains("nan"));
}

TEST_CASE_METHOD(Fixture, "a text that is not UTF-8 is refused") {
  const StepEncoder encoder(spec, vocabulary, &text);
  TokenizedDocument document;
  Values values = observation();
  std::get<std::string>(values[0]) = "go \xFF";
  CHECK_THROWS_WITH(encoder.encode_observation(values, document),
                    Contains("byte 3 is not UTF-8"));
}
