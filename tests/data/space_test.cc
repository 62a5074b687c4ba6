#include "gato/data/space.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/make_field.h"
#include "data/sample_documents.h"
#include "gato/data/lenient_json.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;

namespace {

Field box(DType dtype, std::vector<int64_t> shape, double low, double high) {
  Field field = make_field("x", Role::continuous, dtype, std::move(shape));
  const auto count = static_cast<size_t>(element_count(field.shape));
  field.low.assign(count, low);
  field.high.assign(count, high);
  return field;
}

Role role(const Field& field) { return default_role(field, Space::Kind::box); }

}  // namespace

TEST_CASE("The role of a box depends on its type, shape and bounds") {
  REQUIRE(role(box(DType::uint8, {16, 16, 3}, 0, 255)) == Role::image);
  REQUIRE(role(box(DType::uint8, {3, 16, 40}, 0, 255)) == Role::image);
  REQUIRE(role(box(DType::uint8, {4, 20, 20, 3}, 0, 255)) == Role::image);
  REQUIRE(role(box(DType::uint8, {20, 20}, 0, 255)) == Role::image);
  REQUIRE(role(box(DType::uint8, {15, 16, 3}, 0, 255)) == Role::discrete);
  REQUIRE(role(box(DType::uint8, {7, 7, 3}, 0, 255)) == Role::discrete);
  REQUIRE(role(box(DType::uint8, {300}, 0, 255)) == Role::discrete);
  REQUIRE(role(box(DType::float32, {16, 16, 3}, 0, 1)) == Role::continuous);
  REQUIRE(role(box(DType::int32, {4}, -512, 511)) == Role::discrete);
  REQUIRE(role(box(DType::int32, {4}, -512, 512)) == Role::continuous);
  REQUIRE(role(box(DType::boolean, {4}, 0, 1)) == Role::discrete);
}

TEST_CASE("Fields are in token order") {
  const Space space = space_from_json(R"({"type": "Dict", "subspaces": {
      "b": {"type": "Discrete", "n": 3},
      "a": {"type": "Tuple", "subspaces": [
        {"type": "Box", "dtype": "float32", "shape": [], "low": -1, "high": 1},
        {"type": "Text", "max_length": 5}]},
      "Z": {"type": "MultiBinary", "n": [2, 2]}}})");
  std::vector<std::string> names;
  for (const Field& field : flatten_space(space, "observation")) {
    names.push_back(field.name);
  }
  REQUIRE(names ==
          std::vector<std::string>{"a/_index_1", "Z", "b", "a/_index_0"});
}

TEST_CASE("Names are ordered by bytes and tuple members by number") {
  REQUIRE(path_precedes("a/_index_2", "a/_index_10"));
  REQUIRE_FALSE(path_precedes("a/_index_10", "a/_index_2"));
  REQUIRE(path_precedes("a/_index_9/x", "a/_index_10/b"));
  REQUIRE(path_precedes("B", "a"));
  REQUIRE(path_precedes("a", "a/b"));
  REQUIRE(path_precedes("a-b", "a/b"));  // '-' comes before '/'
  REQUIRE(path_precedes("z", "\xC3\xA4"));
  REQUIRE_FALSE(path_precedes("a", "a"));
}

TEST_CASE("Bounds beyond 3e38 mean unbounded") {
  const Space space = space_from_json(
      R"({"type": "Box", "dtype": "float32", "shape": [4],
          "low": [-Infinity, -3.4028234663852886e+38, -1, -2.9e38],
          "high": [Infinity, NaN, 3.4e38, 1]})");
  const Field field = flatten_space(space, "action").at(0);
  REQUIRE(field.name == "action");
  REQUIRE(std::isinf(field.low[0]));
  REQUIRE(std::isinf(field.low[1]));
  REQUIRE(field.low[3] == -2.9e38);
  REQUIRE(std::isnan(field.high[1]));
  REQUIRE(std::isinf(field.high[2]));
}

TEST_CASE("Half precision becomes single precision") {
  const Space space = space_from_json(
      R"({"type": "Box", "dtype": "float16", "shape": [2], "low": -1, "high": 1})");
  REQUIRE(space.dtype == DType::float32);
  REQUIRE(flatten_space(space, "observation")[0].role == Role::continuous);
}

TEST_CASE("Unsupported spaces are refused with a message that names them") {
  const auto refused = [](const std::string& text, const std::string& part) {
    const base::Error error = thrown_error([&] { space_from_json(text); });
    INFO(error.what());
    return error.status() == base::ExitStatus::bad_input &&
           std::string(error.what()).find(part) != std::string::npos;
  };
  REQUIRE(refused(R"({"type": "Graph"})", "\"Graph\""));
  REQUIRE(refused(R"({"type": "Box", "dtype": "complex64", "shape": [1],
                      "low": 0, "high": 1})",
                  "complex64"));
  REQUIRE(refused(R"({"type": "Box", "dtype": "float32", "shape": [-3],
                      "low": 0, "high": 1})",
                  "shape"));
  REQUIRE(refused(R"({"type": "Box", "dtype": "float32",
                      "shape": [4294967296, 4294967296], "low": 0, "high": 1})",
                  "shape"));
  REQUIRE(refused(R"({"type": "Box", "dtype": "float32", "shape": [3],
                      "low": [0, 1], "high": 1})",
                  "2 values"));
  REQUIRE(refused(R"({"type": "Dict", "subspaces": {"a/b":
                      {"type": "Discrete", "n": 2}}})",
                  "a/b"));
  REQUIRE(refused("{", "JSON"));
  REQUIRE(refused(R"({"type": "Discrete", "n": 1e300})", "1e+300"));
  REQUIRE(refused(R"({"type": "Discrete", "n": 2.5})", "2.5"));
  REQUIRE(refused(R"({"type": "Discrete", "n": 18446744073709551615})",
                  "18446744073709551615"));
  REQUIRE(space_from_json(R"({"type": "Discrete", "n": 3.0})").n[0] == 3);
  REQUIRE(refused(std::string(1'000'000, '['), "levels deep"));
  REQUIRE(refused(R"({"type": "Box", "dtype": "float32", "low": 0, "high": 1,
                      "shape": [1000000, 1000000]})",
                  "at most"));
  REQUIRE(refused(R"({"type": "MultiBinary", "n": 1000000000})", "at most"));
  std::string deep;
  for (int i = 0; i < 5000; ++i) {
    deep += R"({"type": "Tuple", "subspaces": [)";
  }
  REQUIRE(refused(deep, "JSON"));
  for (int i = 0; i < 5000; ++i) {
    deep += "]}";
  }
  REQUIRE(refused(deep, "deep"));
}

TEST_CASE("Spaces are written to JSON as they were read") {
  const std::string text =
      R"({"type": "Dict", "subspaces": {)"
      R"("a": {"type": "Box", "dtype": "float64", "shape": [2,1], )"
      R"("low": [[-Infinity], [0.1]], "high": [[Infinity], [2.5]]}, )"
      R"("b": {"type": "Tuple", "subspaces": [)"
      R"({"type": "Discrete", "dtype": "int64", "n": 3, "start": -1}, )"
      R"({"type": "MultiDiscrete", "dtype": "int64", "nvec": [2, 5], )"
      R"("start": [0, 1]}]}, )"
      R"("c": {"type": "MultiBinary", "n": 4}, )"
      R"("d": {"type": "Text", "max_length": 9, "min_length": 1, )"
      R"("charset": "ab\"ü"}}})";
  REQUIRE(space_to_json(space_from_json(text)) == text);
}

TEST_CASE("Integer bounds stay within the range of their type") {
  Field field = box(DType::int64, {1}, -INFINITY, INFINITY);
  const std::string text = space_to_json(unflatten_space({field}, "x", 0, ""));
  REQUIRE(text.find("[-9223372036854775808]") != std::string::npos);
  REQUIRE(text.find("[9223372036854775807]") != std::string::npos);
}

TEST_CASE("Fields are restored from JSON, in which null means unbounded") {
  Field field = box(DType::float32, {2}, -1, 1);
  field.high[1] = INFINITY;
  REQUIRE(field_to_json(field).at("low") == -1);
  REQUIRE(field_to_json(field).at("high")[1].is_null());
  field.role = Role::continuous;
  REQUIRE(field_from_json(field_to_json(field)) == field);
  Field discrete;
  discrete.name = "d";
  discrete.role = Role::discrete;
  discrete.dtype = DType::int64;
  discrete.n = {4};
  discrete.start = {-2};
  REQUIRE(field_from_json(field_to_json(discrete)) == discrete);
}

TEST_CASE("NaN and infinities are recognized only outside of strings") {
  const auto json = parse_lenient_json(
      R"({"NaN": [NaN, -Infinity, Infinity], "s": "NaN \" Infinity"})");
  REQUIRE(std::isnan(non_finite_number(json["NaN"][0])));
  REQUIRE(non_finite_number(json["NaN"][1]) == -INFINITY);
  REQUIRE(non_finite_number(json["NaN"][2]) == INFINITY);
  REQUIRE(json["s"] == "NaN \" Infinity");
  REQUIRE(non_finite_number(json["s"]) == 0);
  REQUIRE(thrown_error([] { parse_lenient_json("{\"a\": Inf}"); }).status() ==
          base::ExitStatus::bad_input);
}

TEST_CASE("A value in a message is short and ends with a complete character") {
  CHECK(summarize_json(7.5) == "7.5");
  CHECK(summarize_json(nullptr) == "null");
  CHECK(summarize_json("a\nb") == "\"a\\nb\"");
  CHECK(summarize_json(nlohmann::json::array({1, 2})) == "a list of 2");
  CHECK(summarize_json(nlohmann::json::object()) == "an object");
  CHECK(summarize_json(std::string(58, 'x') + "\xC3\xA9\xC3\xA9") ==
        "\"" + std::string(58, 'x') + "...");
}
