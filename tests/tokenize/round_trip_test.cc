// Checks decode(encode(x)) for random spaces: it is exact for texts, discrete
// values and patches, and within half a bin for continuous values.
#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "gato/tokenize/mu_law.h"
#include "gato/tokenize/step_encoder.h"
#include "tokenize/tokenize_reference.h"

using namespace gato;
using namespace gato::tokenize;

namespace {

constexpr double kHalfBin = 1.0 / data::Vocabulary::kBinCount;  // of [-1, 1]

const std::vector<data::DType> kIntegerTypes = {
    data::DType::int8,   data::DType::uint8, data::DType::int16,
    data::DType::uint16, data::DType::int32, data::DType::uint32,
    data::DType::int64,  data::DType::uint64};
const std::vector<data::DType> kNumericTypes = {
    data::DType::int16, data::DType::int64, data::DType::float32,
    data::DType::float64};

// Returns a number in [low, high].
int64_t any(int64_t low, int64_t high) {
  return *rc::gen::inRange(low, high + 1);
}

std::vector<int64_t> any_shape() {
  std::vector<int64_t> shape(static_cast<size_t>(any(0, 3)));
  for (int64_t& extent : shape) {
    extent = any(1, 4);
  }
  return shape;
}

data::Field discrete_field() {
  data::Field field;
  field.role = data::Role::discrete;
  field.dtype = *rc::gen::elementOf(kIntegerTypes);
  field.shape = any_shape();
  const bool is_signed =
      field.dtype == data::DType::int8 || field.dtype == data::DType::int16 ||
      field.dtype == data::DType::int32 || field.dtype == data::DType::int64;
  const int64_t max_values = data::item_size(field.dtype) == 1 ? 100 : 1024;
  for (int64_t i = data::element_count(field.shape); i > 0; --i) {
    field.n.push_back(any(1, max_values));
    field.start.push_back(is_signed ? any(-20, 20) : any(0, 20));
  }
  return field;
}

// Half of the elements have bounds.
data::Field continuous_field() {
  data::Field field;
  field.role = data::Role::continuous;
  field.dtype = *rc::gen::elementOf(kNumericTypes);
  field.shape = any_shape();
  for (int64_t i = data::element_count(field.shape); i > 0; --i) {
    const bool has_bounds = any(0, 1) == 1;
    const auto low = static_cast<double>(any(-3000, 3000));
    field.low.push_back(has_bounds ? low : -INFINITY);
    field.high.push_back(has_bounds ? low + static_cast<double>(any(0, 3000))
                                    : INFINITY);
  }
  return field;
}

data::Field image_field() {
  data::Field field;
  field.role = data::Role::image;
  field.dtype = data::DType::uint8;
  field.shape = {any(16, 40), any(16, 40), 3};
  return field;
}

data::FieldValue any_value(const data::Field& field) {
  if (field.role == data::Role::text) {
    // Each of these kLetters is a piece of the text model.
    constexpr std::string_view kLetters = "abcdefghiklmnopqrstuvwxy";
    std::string text;
    for (int64_t words = any(0, 5); words > 0; --words) {
      if (!text.empty()) {
        text += ' ';
      }
      for (int64_t i = any(1, 7); i > 0; --i) {
        text += kLetters[static_cast<size_t>(any(0, kLetters.size() - 1))];
      }
    }
    return text;
  }
  data::Array array = data::Array::zeros(field.dtype, field.shape);
  for (int64_t i = 0; i < array.size(); ++i) {
    const auto index = static_cast<size_t>(i);
    if (field.role == data::Role::image) {
      array.set_integer(i, any(0, 255));
    } else if (field.role == data::Role::discrete) {
      array.set_integer(i, field.start[index] + any(0, field.n[index] - 1));
    } else if (std::isfinite(field.low[index])) {
      const double width = field.high[index] - field.low[index];
      array.set(i, field.low[index] +
                       width * static_cast<double>(any(0, 65535)) / 65535);
    } else {
      array.set(i, static_cast<double>(any(-270'000, 270'000)) / 1000);
    }
  }
  return array;
}

data::TaskSpec any_spec() {
  data::TaskSpec spec;
  if (any(0, 1) == 1) {
    spec.observation_fields.emplace_back();
    spec.observation_fields.back().role = data::Role::text;
  }
  for (int64_t i = any(0, 2); i > 0; --i) {
    spec.observation_fields.push_back(image_field());
  }
  for (auto* fields : {&spec.observation_fields, &spec.action_fields}) {
    for (int64_t i = any(0, 3); i > 0; --i) {
      fields->push_back(discrete_field());
    }
    for (int64_t i = any(fields->empty() ? 1 : 0, 3); i > 0; --i) {
      fields->push_back(continuous_field());
    }
    int number = 0;
    for (data::Field& field : *fields) {
      field.name = fmt::format("{}", static_cast<char>('a' + number++));
    }
  }
  return spec;
}

data::FieldValues any_values(const std::vector<data::Field>& fields) {
  data::FieldValues values;
  for (const data::Field& field : fields) {
    values.push_back(any_value(field));
  }
  return values;
}

// Checks element i of a continuous field.
void check_close(const data::Field& field, size_t i, bool is_action,
                 double value, double decoded) {
  const double low = field.low[i], high = field.high[i];
  // The decoded value is rounded to the type of the field, which may be
  // float32.
  const double rounding =
      data::is_integer(field.dtype) ? 0.5 : std::abs(decoded) * 1e-7;
  constexpr double kSlack = 1 + 1e-9;
  if (is_action && std::isfinite(low)) {
    RC_ASSERT(std::abs(decoded - value) <=
              (high - low) / 2 * kHalfBin * kSlack + rounding);
    return;
  }
  const double y = std::clamp(mu_law_encode(value), -1.0, 1.0);
  const double min = mu_law_decode(y - kHalfBin * kSlack) - rounding;
  const double max = mu_law_decode(y + kHalfBin * kSlack) + rounding;
  RC_ASSERT(decoded >= min && decoded <= max);
}

void check_value(const data::Field& field, bool is_action,
                 const data::FieldValue& value,
                 const data::FieldValue& decoded) {
  if (field.role == data::Role::text) {
    RC_ASSERT(std::get<std::string>(value) == std::get<std::string>(decoded));
    return;
  }
  const data::Array& before = std::get<data::Array>(value);
  const data::Array& after = std::get<data::Array>(decoded);
  RC_ASSERT(after.dtype == before.dtype);
  RC_ASSERT(after.shape == before.shape);
  for (int64_t i = 0; i < before.size(); ++i) {
    if (field.role == data::Role::discrete) {
      RC_ASSERT(after.as_integer(i) == before.as_integer(i));
    } else {
      check_close(field, static_cast<size_t>(i), is_action, before.as_double(i),
                  after.as_double(i));
    }
  }
}

// Checks that the patches contain the pixels of the image, padded with zeros.
void check_patches(const data::Array& pixels, const data::TokenizedImage& image,
                   const data::TokenizedDocument& document) {
  const int64_t height = pixels.shape[0], width = pixels.shape[1];
  RC_ASSERT(image.rows == (height + 15) / 16);
  RC_ASSERT(image.columns == (width + 15) / 16);
  for (int64_t y = 0; y < image.rows * 16; ++y) {
    for (int64_t x = 0; x < image.columns * 16; ++x) {
      const auto token = static_cast<size_t>(image.first_token +
                                             y / 16 * image.columns + x / 16);
      const data::Patch& patch =
          document.patches.at(data::patch_index(document.tokens[token]));
      for (int64_t c = 0; c < 3; ++c) {
        const bool is_inside = y < height && x < width;
        RC_ASSERT(
            int64_t{
                patch[static_cast<size_t>((y % 16 * 16 + x % 16) * 3 + c)]} ==
            (is_inside ? pixels.as_integer((y * width + x) * 3 + c) : 0));
      }
    }
  }
}

void check_round_trip(const TextEncoder& text) {
  const auto vocabulary =
      data::Vocabulary::make("", text.size(), data::DiscreteLayout::separate);
  const data::TaskSpec spec = any_spec();
  const StepEncoder encoder(spec, vocabulary, &text);
  const data::FieldValues observation = any_values(spec.observation_fields);
  const data::FieldValues action = any_values(spec.action_fields);
  data::TokenizedDocument document;
  encoder.encode_observation(observation, document);
  const size_t separator = document.tokens.size() - 1;
  encoder.encode_action(action, nullptr, document);
  RC_ASSERT(document.modality.size() == document.tokens.size());
  RC_ASSERT(document.tokens[separator] == vocabulary.separator());

  const std::span<const int32_t> tokens(document.tokens);
  const auto decoded = encoder.decode_observation(tokens, document.modality);
  size_t image = 0;
  for (size_t i = 0; i < observation.size(); ++i) {
    if (spec.observation_fields[i].role == data::Role::image) {
      check_patches(std::get<data::Array>(observation[i]),
                    document.images.at(image++), document);
    } else {
      check_value(spec.observation_fields[i], false, observation[i],
                  decoded[i].value());
    }
  }
  const data::FieldValues back =
      encoder.decode_action(tokens.subspan(separator + 1));
  for (size_t i = 0; i < action.size(); ++i) {
    check_value(spec.action_fields[i], true, action[i], back[i]);
  }
}

}  // namespace

TEST_CASE("A step of any spaces survives a round trip") {
  const TextEncoder text(test::text_model_bytes());
  REQUIRE(rc::check("round trip", [&] { check_round_trip(text); }));
}
