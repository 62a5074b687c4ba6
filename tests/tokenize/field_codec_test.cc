#include "gato/tokenize/field_codec.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "data/make_field.h"
#include "gato/base/error.h"
#include "tokenize/tokenize_reference.h"

using namespace gato;
using namespace gato::tokenize;
using Catch::Matchers::Contains;
using Kind = FieldCodec::Kind;

namespace {

const data::Vocabulary kVocabulary =
    data::Vocabulary::make("", 100, data::DiscreteLayout::separate);

data::Field make_field(data::Role role, data::DType dtype,
                       std::vector<int64_t> shape = {1}) {
  return test::make_field("key", role, dtype, std::move(shape));
}

template <class T>
data::Array make_array(data::DType dtype, std::vector<T> values) {
  data::Array array =
      data::Array::zeros(dtype, {static_cast<int64_t>(values.size())});
  for (size_t i = 0; i < values.size(); ++i) {
    array.set(static_cast<int64_t>(i), static_cast<double>(values[i]));
  }
  return array;
}

std::vector<int32_t> encode(const FieldCodec& codec, const data::Array& value) {
  std::vector<int32_t> ids;
  OutOfRangeTally out_of_range;
  codec.encode(value, ids, out_of_range);
  return ids;
}

}  // namespace

TEST_CASE("Fields are encoded as by the reference") {
  for (const auto& vector : test::load_reference("fields")) {
    const auto& layout = vector["vocabulary"];
    const data::Field field = data::field_from_json(vector["field"]);
    CAPTURE(field.name, layout["layout"].get<std::string>());
    const FieldCodec codec(
        field, vector["action"].get<bool>() ? Kind::action : Kind::observation,
        data::Vocabulary::make("", layout["text"],
                               layout["layout"] == "overlap"
                                   ? data::DiscreteLayout::overlap
                                   : data::DiscreteLayout::separate));
    data::Array value = data::Array::zeros(field.dtype, field.shape);
    for (int64_t i = 0; i < value.size(); ++i) {
      value.set(i, vector["values"][i].get<double>());
    }
    const auto ids = encode(codec, value);
    REQUIRE(ids == vector["ids"].get<std::vector<int32_t>>());
    const data::Array decoded = codec.decode(ids);
    REQUIRE(decoded.dtype == field.dtype);
    REQUIRE(decoded.shape == field.shape);
    for (int64_t i = 0; i < value.size(); ++i) {
      CHECK(decoded.as_double(i) ==
            Approx(vector["decoded"][i].get<double>()).epsilon(1e-6));
    }
  }
}

TEST_CASE("Every discrete value survives a round trip") {
  REQUIRE(rc::check("discrete", [](int16_t start, uint16_t value) {
    data::Field field = make_field(data::Role::discrete, data::DType::int64);
    field.n = {1024};
    field.start = {start};
    const FieldCodec codec(field, Kind::action, kVocabulary);
    const int64_t number = start + value % 1024;
    data::Array array = data::Array::zeros(data::DType::int64, {1});
    array.set_integer(0, number);
    RC_ASSERT(codec.decode(encode(codec, array)).as_integer(0) == number);
  }));
}

TEST_CASE("A bounded action survives a round trip to within half a bin") {
  REQUIRE(rc::check("bounded", [](int32_t low, uint16_t width, uint16_t part) {
    const double high = low + width + 1.0;
    data::Field field =
        make_field(data::Role::continuous, data::DType::float64);
    field.low = {static_cast<double>(low)};
    field.high = {high};
    const FieldCodec codec(field, Kind::action, kVocabulary);
    const double x = low + (high - low) * part / 65535;
    const double back =
        codec
            .decode(
                encode(codec, make_array<double>(data::DType::float64, {x})))
            .as_double(0);
    RC_ASSERT(std::abs(back - x) <= (high - low) / 2048 * (1 + 1e-9));
    RC_ASSERT(back >= low && back <= high);
  }));
}

TEST_CASE("The allowed ids are those of the space") {
  data::Field field = make_field(data::Role::discrete, data::DType::int64, {});
  field.n = {18};
  field.start = {-2};
  const FieldCodec discrete(field, Kind::action, kVocabulary);
  CHECK(discrete.range(0) == data::IdRange{1124, 1142});

  data::Field box = make_field(data::Role::discrete, data::DType::uint8);
  box.low = {3};
  box.high = {7};
  CHECK(FieldCodec(box, Kind::action, kVocabulary).range(0) ==
        data::IdRange{1124, 1129});

  data::Field real = make_field(data::Role::continuous, data::DType::float32);
  CHECK(FieldCodec(real, Kind::action, kVocabulary).range(0) ==
        data::IdRange{100, 1124});
}

TEST_CASE("Actions beyond their bounds fall into the end bins") {
  data::Field field =
      make_field(data::Role::continuous, data::DType::float64, {4});
  field.low = {-1, -1, 2, 2};
  field.high = {1, 1, 2, 2};
  const FieldCodec codec(field, Kind::action, kVocabulary);
  std::vector<int32_t> ids;
  const double infinity = std::numeric_limits<double>::infinity();
  OutOfRangeTally out_of_range;
  codec.encode(make_array<double>(data::DType::float64, {-1.5, infinity, 2, 9}),
               ids, out_of_range);
  CHECK(out_of_range.count() == 3);
  CHECK(out_of_range.by_key().at("key").first == -1.5);
  CHECK(ids == std::vector<int32_t>{100, 1123, 612, 612});
}

TEST_CASE("Infinite observations fall into the end bins and are counted") {
  const data::Field field =
      make_field(data::Role::continuous, data::DType::float64, {4});
  const FieldCodec codec(field, Kind::observation, kVocabulary);
  std::vector<int32_t> ids;
  const double infinity = std::numeric_limits<double>::infinity();
  OutOfRangeTally out_of_range;
  codec.encode(
      make_array<double>(data::DType::float64, {1e300, -infinity, infinity, 0}),
      ids, out_of_range);
  CHECK(out_of_range.count() == 2);
  CHECK(out_of_range.by_key().at("key").first == -infinity);
  CHECK(ids == std::vector<int32_t>{1123, 100, 1123, 612});
}

TEST_CASE("The limits of float32 do not count as bounds") {
  data::Field field =
      make_field(data::Role::continuous, data::DType::float32, {2});
  field.low = {-3.4028234663852886e38, 0};
  field.high = {3.4028234663852886e38, 3.4028234663852886e38};
  const FieldCodec codec(field, Kind::action, kVocabulary);
  CHECK(encode(codec, make_array<float>(data::DType::float32, {1, 1})) ==
        std::vector<int32_t>{844, 844});
}

TEST_CASE("The error about NaN names the key and the element") {
  const FieldCodec codec(
      make_field(data::Role::continuous, data::DType::float32, {2}),
      Kind::observation, kVocabulary);
  const data::Array array =
      make_array<float>(data::DType::float32, {0, std::nanf("")});
  CHECK_THROWS_WITH(encode(codec, array),
                    Contains("'key', element 1") && Contains("nan"));
}

TEST_CASE("Discrete values must be integers within 1024 of the start") {
  data::Field field = make_field(data::Role::discrete, data::DType::int64);
  field.start = {1};
  field.n = {5};
  const FieldCodec codec(field, Kind::observation, kVocabulary);
  const auto encode_number = [&codec](double x) {
    return encode(codec, make_array<double>(data::DType::float64, {x}));
  };
  CHECK(encode_number(1024) == std::vector<int32_t>{2147});
  CHECK_THROWS_WITH(encode_number(1025), Contains("'key'") && Contains("1025"));
  CHECK_THROWS_WITH(encode_number(0), Contains("value 0 "));
  CHECK_THROWS_WITH(encode_number(1.5), Contains("1.5"));
  CHECK_THROWS_WITH(encode_number(std::nan("")), Contains("nan"));
}

TEST_CASE("Booleans count as integers") {
  const FieldCodec codec(
      make_field(data::Role::discrete, data::DType::boolean, {2}),
      Kind::observation, kVocabulary);
  CHECK(encode(codec, make_array<int>(data::DType::boolean, {0, 1})) ==
        std::vector<int32_t>{1124, 1125});
}

TEST_CASE("A value whose size differs from that of its space is an error") {
  const FieldCodec codec(
      make_field(data::Role::continuous, data::DType::float32, {3}),
      Kind::observation, kVocabulary);
  CHECK_THROWS_AS(
      encode(codec, make_array<float>(data::DType::float32, {1, 2})),
      base::Error);
  CHECK_THROWS_AS(codec.decode(std::vector<int32_t>{100, 101, 99}),
                  base::Error);
}
