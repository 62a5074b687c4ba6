// Gymnasium spaces as Minari serializes them (minari/serialization.py). The
// JSON is written as text, in the form in which Python's json module writes it,
// because nlohmann::json cannot represent Infinity and NaN.
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "gato/base/error.h"
#include "gato/data/json_fields.h"
#include "gato/data/space.h"

namespace gato::data {
namespace {

using nlohmann::json;

// More deeply nested spaces and lists are rejected, because they are parsed
// recursively.
constexpr int kMaxNestingDepth = 64;

double parse_number(const json& value) {
  if (value.is_number()) {
    return value.get<double>();
  }
  if (value.is_boolean()) {
    return value.get<bool>() ? 1 : 0;
  }
  const double number = non_finite_number(value);
  if (number == 0) {
    throw base::input_error("{} is not a number", summarize_json(value));
  }
  return number;
}

// Appends parse(value) for every value in nested lists; `what` are the values,
// for messages. If `shape` is not null, the lengths of the first list at each
// level are appended to it.
template <class T>
void append_nested(const json& values, const char* what,
                   T (*parse)(const json& value), std::vector<T>& flat,
                   std::vector<int64_t>* shape = nullptr, int depth = 0) {
  if (depth > kMaxNestingDepth) {
    throw base::input_error("{} are nested more than {} levels deep", what,
                            kMaxNestingDepth);
  }
  if (!values.is_array()) {
    flat.push_back(parse(values));
    return;
  }
  if (shape != nullptr && static_cast<int>(shape->size()) == depth) {
    shape->push_back(std::ssize(values));
  }
  for (const json& value : values) {
    append_nested(value, what, parse, flat, shape, depth + 1);
  }
}

// Parses nested lists with one number per element, or one number for all.
std::vector<double> parse_bounds(const json& space, const char* key,
                                 int64_t count) {
  std::vector<double> flat;
  append_nested(value_at(space, key), "bounds", parse_number, flat);
  if (std::ssize(flat) == count) {
    return flat;
  }
  if (flat.size() != 1) {
    throw base::input_error("\"{}\" has {} values for {} elements", key,
                            flat.size(), count);
  }
  return std::vector<double>(static_cast<size_t>(count), flat[0]);
}

void append_integers(const json& values, std::vector<int64_t>& flat,
                     std::vector<int64_t>* shape = nullptr) {
  append_nested(values, "values", json_integer, flat, shape);
}

Space parse_box(const json& json) {
  Space space;
  const std::string& dtype = string_at(json, "dtype");
  // Half precision is converted to single precision, which is exact.
  space.dtype = dtype == "float16" ? DType::float32 : parse_dtype(dtype);
  space.shape = json_integers(value_at(json, "shape"));
  check_shape(space.shape, kMaxFieldElements);
  const int64_t count = element_count(space.shape);
  space.low = parse_bounds(json, "low", count);
  space.high = parse_bounds(json, "high", count);
  return space;
}

Space parse_discrete(const json& json) {
  Space space;
  space.kind = Space::Kind::discrete;
  space.dtype = parse_dtype(string_or(json, "dtype", "int64"));
  space.n = {json_integer(value_at(json, "n"))};
  space.start = {json_integer_or_zero(json, "start")};
  return space;
}

Space parse_multi_discrete(const json& json) {
  Space space;
  space.kind = Space::Kind::multi_discrete;
  space.dtype = parse_dtype(string_or(json, "dtype", "int64"));
  append_integers(value_at(json, "nvec"), space.n, &space.shape);
  if (json.contains("start") && !json["start"].is_null()) {
    append_integers(json["start"], space.start);
    if (space.start.size() == 1) {
      space.start.resize(space.n.size(), space.start[0]);
    }
  } else {
    space.start.assign(space.n.size(), 0);
  }
  if (std::ssize(space.n) != element_count(space.shape) ||
      space.start.size() != space.n.size()) {
    throw base::input_error("\"nvec\" and \"start\" differ in shape");
  }
  return space;
}

Space parse_multi_binary(const json& json) {
  Space space;
  space.kind = Space::Kind::multi_binary;
  space.dtype = DType::int8;
  append_integers(value_at(json, "n"), space.shape);
  check_shape(space.shape, kMaxFieldElements);
  const auto count = static_cast<size_t>(element_count(space.shape));
  space.n.assign(count, 2);
  space.start.assign(count, 0);
  return space;
}

Space parse_text(const json& json) {
  Space space;
  space.kind = Space::Kind::text;
  space.min_length = json_integer_or_zero(json, "min_length");
  space.max_length = json_integer_or_zero(json, "max_length");
  space.charset = string_or(json, "charset", "");
  return space;
}

void require_valid_key(const std::string& key) {
  if (key.empty() || key.find('/') != std::string::npos || key == "." ||
      key == "..") {
    throw base::input_error(
        "the key \"{}\" cannot be the name of an HDF5 object: it must not be "
        "empty, \".\" or \"..\", nor contain '/'",
        key);
  }
}

Space parse_space(const json& description, int depth) {
  if (depth > kMaxNestingDepth) {
    throw base::input_error("spaces are nested more than {} levels deep",
                            kMaxNestingDepth);
  }
  const std::string& type = string_at(description, "type");
  if (type == "Box") {
    return parse_box(description);
  }
  if (type == "Discrete") {
    return parse_discrete(description);
  }
  if (type == "MultiDiscrete") {
    return parse_multi_discrete(description);
  }
  if (type == "MultiBinary") {
    return parse_multi_binary(description);
  }
  if (type == "Text") {
    return parse_text(description);
  }
  Space space;
  if (type == "Dict") {
    space.kind = Space::Kind::dict;
    for (const auto& [key, child] :
         object_at(description, "subspaces").items()) {
      require_valid_key(key);
      space.children.push_back({key, parse_space(child, depth + 1)});
    }
  } else if (type == "Tuple") {
    space.kind = Space::Kind::tuple;
    int64_t index = 0;
    for (const json& child : array_at(description, "subspaces")) {
      space.children.push_back(
          {fmt::format("_index_{}", index++), parse_space(child, depth + 1)});
    }
  } else {
    throw base::input_error(
        "the space type \"{}\" is not supported: use Box, Discrete, "
        "MultiDiscrete, MultiBinary, Text, Dict or Tuple",
        type);
  }
  return space;
}

// Formats values in C order as nested lists of this shape. write(value) formats
// one value.
template <class T, class Write>
std::string nested_list_json(const std::vector<T>& values,
                             const std::vector<int64_t>& shape, Write write) {
  size_t next = 0;
  const auto level = [&](const auto& self, size_t axis) -> std::string {
    if (axis == shape.size()) {
      return write(values.at(next++));
    }
    std::string text = "[";
    for (int64_t i = 0; i < shape[axis]; ++i) {
      if (i > 0) {
        text += ", ";
      }
      text += self(self, axis + 1);
    }
    return text + "]";
  };
  return level(level, 0);
}

// Formats a bound as Python's json module does. A bound outside the range of an
// integer type becomes the limit of the type.
std::string bound_to_json(double value, DType dtype) {
  if (is_integer(dtype)) {
    Array bound = Array::zeros(dtype, {});
    bound.set(0, value);
    return dtype == DType::uint64 ? std::to_string(*bound.data<uint64_t>())
                                  : std::to_string(bound.as_integer(0));
  }
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value < 0 ? "-Infinity" : "Infinity";
  }
  return json(value).dump();
}

std::string box_to_json(const Space& space) {
  const auto bound = [&](double value) {
    return bound_to_json(value, space.dtype);
  };
  return fmt::format(
      R"({{"type": "Box", "dtype": "{}", "shape": {}, "low": {}, "high": {}}})",
      dtype_name(space.dtype), json(space.shape).dump(),
      nested_list_json(space.low, space.shape, bound),
      nested_list_json(space.high, space.shape, bound));
}

}  // namespace

Space space_from_json(const std::string& text) {
  try {
    return parse_space(parse_lenient_json(text), 0);
  } catch (const json::exception& error) {
    throw base::input_error("the space is malformed: {}",
                            describe_json_error(error));
  }
}

std::string space_to_json(const Space& space) {
  const auto integer = [](int64_t value) { return std::to_string(value); };
  switch (space.kind) {
    case Space::Kind::box:
      return box_to_json(space);
    case Space::Kind::discrete:
      return fmt::format(
          R"({{"type": "Discrete", "dtype": "{}", "n": {}, "start": {}}})",
          dtype_name(space.dtype), space.n.at(0),
          space.start.empty() ? 0 : space.start[0]);
    case Space::Kind::multi_discrete:
      return fmt::format(
          R"({{"type": "MultiDiscrete", "dtype": "{}", "nvec": {}, "start": {}}})",
          dtype_name(space.dtype),
          nested_list_json(space.n, space.shape, integer),
          nested_list_json(space.start, space.shape, integer));
    case Space::Kind::multi_binary:
      return fmt::format(R"({{"type": "MultiBinary", "n": {}}})",
                         space.shape.size() == 1
                             ? std::to_string(space.shape[0])
                             : json(space.shape).dump());
    case Space::Kind::text:
      return fmt::format(
          R"({{"type": "Text", "max_length": {}, "min_length": {}, "charset": {}}})",
          space.max_length, space.min_length, json(space.charset).dump());
    case Space::Kind::dict:
    case Space::Kind::tuple:
      break;
  }
  const bool is_dict = space.kind == Space::Kind::dict;
  std::string children;
  for (const auto& [key, child] : space.children) {
    if (!children.empty()) {
      children += ", ";
    }
    if (is_dict) {
      children += json(key).dump() + ": ";
    }
    children += space_to_json(child);
  }
  return is_dict ? fmt::format(R"({{"type": "Dict", "subspaces": {{{}}}}})",
                               children)
                 : fmt::format(R"({{"type": "Tuple", "subspaces": [{}]}})",
                               children);
}

}  // namespace gato::data
