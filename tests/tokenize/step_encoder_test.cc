#include "gato/tokenize/step_encoder.h"

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

data::Array make_number(data::DType dtype, double value) {
  data::Array array = data::Array::zeros(dtype, {1});
  array.set(0, value);
  return array;
}

struct Fixture {
  TextEncoder text{test::text_model_bytes()};
  data::Vocabulary vocabulary =
      data::Vocabulary::make("", text.size(), data::DiscreteLayout::separate);
  data::TaskSpec spec;

  Fixture() {
    spec.name = "grid/example";
    spec.observation_fields = {
        make_field("mission", data::Role::text, data::DType::uint8, {}),
        make_field("view", data::Role::image, data::DType::uint8, {20, 16, 3}),
        make_field("direction", data::Role::discrete, data::DType::int64, {1}),
        make_field("speed", data::Role::continuous, data::DType::float32, {1})};
    spec.action_fields = {
        make_field("button", data::Role::discrete, data::DType::int64, {1}),
        make_field("force", data::Role::continuous, data::DType::float32, {1})};
    spec.action_fields[0].n = {4};
    spec.action_fields[0].start = {1};
    spec.action_fields[1].low = {-2};
    spec.action_fields[1].high = {2};
  }

  data::FieldValues observation(double speed = 0.5) const {
    return {std::string("go"), test::make_pattern({20, 16, 3}, 1),
            make_number(data::DType::int64, 3),
            make_number(data::DType::float32, speed)};
  }
  static data::FieldValues action(double button, double force) {
    return {make_number(data::DType::int64, button),
            make_number(data::DType::float32, force)};
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "A step is text, image, numbers, separator and action") {
  const StepEncoder encoder(spec, vocabulary, &text);
  std::vector<int32_t> words;
  text.encode("go", words);
  const int32_t V = text.size();

  data::TokenizedDocument document;
  encoder.encode_observation(observation(), document);
  encoder.encode_action(action(2, -2), nullptr, document);

  std::vector<int32_t> expected = words;
  expected.insert(expected.end(), {-1, -2, V + 1024 + 3, V + 710, V + 2048,
                                   V + 1024 + 1, V + 0});
  CHECK(document.tokens == expected);
  std::vector<data::Modality> modality(words.size(), data::Modality::text);
  modality.insert(
      modality.end(),
      {data::Modality::patch, data::Modality::patch,
       data::Modality::discrete_observation,
       data::Modality::continuous_observation, data::Modality::separator,
       data::Modality::discrete_action, data::Modality::continuous_action});
  CHECK(document.modality == modality);
  CHECK(document.labels.empty());
}

TEST_CASE_METHOD(Fixture, "An action has allowed ids and can be decoded") {
  const StepEncoder encoder(spec, vocabulary, &text);
  const int32_t V = text.size();
  REQUIRE(encoder.action_tokens() == 2);
  CHECK(encoder.action_ranges()[0] == data::IdRange{V + 1024, V + 1028});
  CHECK(encoder.action_ranges()[1] == data::IdRange{V, V + 1024});
  CHECK(encoder.action_modality(0) == data::Modality::discrete_action);
  CHECK(encoder.action_modality(1) == data::Modality::continuous_action);

  const data::FieldValues values =
      encoder.decode_action(std::vector<int32_t>{V + 1027, V + 1023});
  const auto& button = std::get<data::Array>(values[0]);
  CHECK(button.dtype == data::DType::int64);
  CHECK(button.as_integer(0) == 4);
  const auto& force = std::get<data::Array>(values[1]);
  CHECK(force.dtype == data::DType::float32);
  CHECK(force.as_double(0) == Approx(2 * 1023.0 / 1024));
  CHECK_THROWS_AS(encoder.decode_action(std::vector<int32_t>{V}), base::Error);
}

TEST_CASE_METHOD(Fixture,
                 "The expert's action is the label of the executed action") {
  const StepEncoder encoder(spec, vocabulary, &text);
  data::TokenizedDocument document;
  encoder.encode_observation(observation(), document);
  const data::FieldValues expert = action(1, 2);
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

TEST_CASE_METHOD(Fixture, "An observation can be decoded") {
  const StepEncoder encoder(spec, vocabulary, &text);
  data::TokenizedDocument document;
  encoder.encode_observation(observation(0.5), document);
  const auto values =
      encoder.decode_observation(document.tokens, document.modality);
  CHECK(std::get<std::string>(values[0].value()) == "go");
  CHECK_FALSE(values[1].has_value());
  CHECK(std::get<data::Array>(values[2].value()).as_integer(0) == 3);
  CHECK(std::get<data::Array>(values[3].value()).as_double(0) ==
        Approx(0.5).epsilon(0.02));
}

TEST_CASE_METHOD(Fixture, "Clipped actions are counted") {
  const StepEncoder encoder(spec, vocabulary, &text);
  data::TokenizedDocument document;
  OutOfRangeTally out_of_range;
  encoder.encode_action(action(1, 1), nullptr, document, &out_of_range);
  CHECK(out_of_range.count() == 0);
  encoder.encode_action(action(1, 5), nullptr, document, &out_of_range);
  encoder.encode_action(action(1, -7), nullptr, document, &out_of_range);
  REQUIRE(out_of_range.by_key().size() == 1);
  const OutOfRangeTally::Values& force = out_of_range.by_key().at("force");
  CHECK(force.count == 2);
  CHECK(force.first == 5);
  CHECK(force.role == data::Role::continuous);
}

TEST_CASE_METHOD(Fixture, "Text and image actions are refused") {
  spec.action_fields[1].role = data::Role::text;
  CHECK_THROWS_WITH(StepEncoder(spec, vocabulary, &text),
                    Contains("'force'") && Contains("text"));
  spec.action_fields[1].role = data::Role::image;
  CHECK_THROWS_WITH(StepEncoder(spec, vocabulary, &text), Contains("image"));
  spec.action_fields.clear();
  CHECK_THROWS_AS(StepEncoder(spec, vocabulary, &text), base::Error);
}

TEST_CASE_METHOD(Fixture,
                 "Text without a text model is refused, and so is NaN") {
  CHECK_THROWS_WITH(StepEncoder(spec, vocabulary, nullptr),
                    Contains("'mission'"));
  const StepEncoder encoder(spec, vocabulary, &text);
  data::TokenizedDocument document;
  CHECK_THROWS_WITH(
      encoder.encode_observation(observation(std::nan("")), document),
      Contains("'speed'") && Contains("nan"));
}

TEST_CASE_METHOD(Fixture, "A text that is not UTF-8 is refused") {
  const StepEncoder encoder(spec, vocabulary, &text);
  data::TokenizedDocument document;
  data::FieldValues values = observation();
  std::get<std::string>(values[0]) = "go \xFF";
  CHECK_THROWS_WITH(encoder.encode_observation(values, document),
                    Contains("byte 3 is not UTF-8"));
}
