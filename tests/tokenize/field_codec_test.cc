#include "gato/tokenize/field_codec.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "gato/base/error.h"
#include "tokenize/tokenize_reference.h"

using namespace gato;
using namespace gato::tokenize;
using Catch::Matchers::Contains;
using Place = FieldCodec::Kind;

namespace {

data::Vocabulary vocabulary_of(int32_t text_size, data::DiscreteLayout layout) {
  data::Vocabulary vocabulary;
  vocabulary.text_size = text_size;
  vocabulary.discrete_layout = layout;
  return vocabulary;
}

const data::Vocabulary small =
    vocabulary_of(100, data::DiscreteLayout::separate);

data::Field field_of(data::Role role, data::DType dtype,
                     std::vector<int64_t> shape = {1}) {
  data::Field field;
  field.name = "key";
  field.role = role;
  field.dtype = dtype;
  field.shape = std::move(shape);
  return field;
}

template <class T>
data::Array array_of(data::DType dtype, std::vector<T> values) {
  data::Array array =
      data::Array::zeros(dtype, {static_cast<int64_t>(values.size())});
  for (size_t i = 0; i < values.size(); ++i) {
    array.set(static_cast<int64_t>(i), static_cast<double>(values[i]));
  }
  return array;
}

std::vector<int32_t> ids_of(const FieldCodec& codec, const data::Array& value) {
  std::vector<int32_t> ids;
  OutOfRangeTally out_of_range;
  codec.encode(value, ids, out_of_range);
  return ids;
}

}  // namespace

TEST_CASE("fields follow the reference") {
  for (const auto& vector : test::load_reference("fields")) {
    const auto& layout = vector["vocabulary"];
    const data::Field field = data::field_from_json(vector["field"]);
    CAPTURE(field.name, layout["layout"].get<std::string>());
    const FieldCodec codec(
        field,
        vector["action"].get<bool>() ? Place::action : Place::observation,
        vocabulary_of(layout["text"], layout["layout"] == "overlap"
                                          ? data::DiscreteLayout::overlap
                                          : data::DiscreteLayout::separate));
    data::Array value = data::Array::zeros(field.dtype, field.shape);
    for (int64_t i = 0; i < value.size(); ++i) {
      value.set(i, vector["values"][i].get<double>());
    }
    const auto ids = ids_of(codec, value);
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

TEST_CASE("every discrete value comes back as it was") {
  REQUIRE(rc::check("discrete", [](int16_t start, uint16_t value) {
    data::Field field = field_of(data::Role::discrete, data::DType::int64);
    field.n = {1024};
    field.start = {start};
    const FieldCodec codec(field, Place::action, small);
    const int64_t number = start + value % 1024;
    data::Array array = data::Array::zeros(data::DType::int64, {1});
    array.set_integer(0, number);
    RC_ASSERT(codec.decode(ids_of(codec, array)).as_integer(0) == number);
  }));
}

TEST_CASE("a bounded action comes back within half a bin of its range") {
  REQUIRE(rc::check("bounded", [](int32_t low, uint16_t width, uint16_t part) {
    const double high = low + width + 1.0;
    data::Field field = field_of(data::Role::continuous, data::DType::float64);
    field.low = {static_cast<double>(low)};
    field.high = {high};
    const FieldCodec codec(field, Place::action, small);
    const double x = low + (high - low) * part / 65535;
    const double back =
        codec.decode(ids_of(codec, array_of<double>(data::DType::float64, {x})))
            .as_double(0);
    RC_ASSERT(std::abs(back - x) <= (high - low) / 2048 * (1 + 1e-9));
    RC_ASSERT(back >= low && back <= high);
  }));
}

TEST_CASE("allowed ids are those of the space") {
  data::Field field = field_of(data::Role::discrete, data::DType::int64, {});
  field.n = {18};
  field.start = {-2};
  const FieldCodec discrete(field, Place::action, small);
  CHECK(discrete.range(0) == IdRange{1124, 1142});

  data::Field box = field_of(data::Role::discrete, data::DType::uint8);
  box.low = {3};
  box.high = {7};
  CHECK(FieldCodec(box, Place::action, small).range(0) == IdRange{1124, 1129});

  data::Field real = field_of(data::Role::continuous, data::DType::float32);
  CHECK(FieldCodec(real, Place::action, small).range(0) == IdRange{100, 1124});
}

TEST_CASE("actions beyond their bounds fall into the end bins") {
  data::Field field =
      field_of(data::Role::continuous, data::DType::float64, {4});
  field.low = {-1, -1, 2, 2};
  field.high = {1, 1, 2, 2};
  const FieldCodec codec(field, Place::action, small);
  std::vector<int32_t> ids;
  const double infinity = std::numeric_limits<double>::infinity();
  OutOfRangeTally out_of_range;
  codec.encode(array_of<double>(data::DType::float64, {-1.5, infinity, 2, 9}),
               ids, out_of_range);
  CHECK(out_of_range.count() == 3);
  CHECK(out_of_range.by_key().at("key").first == -1.5);
  CHECK(ids == std::vector<int32_t>{100, 1123, 612, 612});
}

TEST_CASE("old files' float32 limits are no bounds") {
  data::Field field =
      field_of(data::Role::continuous, data::DType::float32, {2});
  field.low = {-3.4028234663852886e38, 0};
  field.high = {3.4028234663852886e38, 3.4028234663852886e38};
  const FieldCodec codec(field, Place::action, small);
  CHECK(ids_of(codec, array_of<float>(data::DType::float32, {1, 1})) ==
        std::vector<int32_t>{844, 844});
}

TEST_CASE("NaN is an error that names key and element") {
  const FieldCodec codec(
      field_of(data::Role::continuous, data::DType::float32, {2}),
      Place::observation, small);
  const data::Array array =
      array_of<float>(data::DType::float32, {0, std::nanf("")});
  CHECK_THROWS_WITH(ids_of(codec, array),
                    Contains("'key', element 1") && Contains("nan"));
}

TEST_CASE("discrete values are whole and within 1024 of the start") {
  data::Field field = field_of(data::Role::discrete, data::DType::int64);
  field.start = {1};
  field.n = {5};
  const FieldCodec codec(field, Place::observation, small);
  const auto encode = [&codec](double x) {
    return ids_of(codec, array_of<double>(data::DType::float64, {x}));
  };
  CHECK(encode(1024) == std::vector<int32_t>{2147});
  CHECK_THROWS_WITH(encode(1025), Contains("'key'") && Contains("1025"));
  CHECK_THROWS_WITH(encode(0), Contains("value 0 "));
  CHECK_THROWS_WITH(encode(1.5), Contains("1.5"));
  CHECK_THROWS_WITH(encode(std::nan("")), Contains("nan"));
}

TEST_CASE("booleans count as integers") {
  const FieldCodec codec(
      field_of(data::Role::discrete, data::DType::boolean, {2}),
      Place::observation, small);
  CHECK(ids_of(codec, array_of<int>(data::DType::boolean, {0, 1})) ==
        std::vector<int32_t>{1124, 1125});
}

TEST_CASE("a value of another size than its space is an error") {
  const FieldCodec codec(
      field_of(data::Role::continuous, data::DType::float32, {3}),
      Place::observation, small);
  CHECK_THROWS_AS(ids_of(codec, array_of<float>(data::DType::float32, {1, 2})),
                  base::Error);
  CHECK_THROWS_AS(codec.decode(std::vector<int32_t>{100, 101, 99}),
                  base::Error);
}
