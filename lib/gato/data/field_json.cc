// Fields from and to JSON, as the tables of tasks and the environment protocol
// describe them.
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

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Returns one number (or null, if unbounded) if all bounds are equal, and
// otherwise a list with one per element.
json bounds_to_json(const std::vector<double>& bounds) {
  json array = json::array();
  for (double value : bounds) {
    array.push_back(std::isfinite(value) ? json(value) : json());
  }
  const bool same = std::all_of(
      array.begin(), array.end(),
      [&array](const json& value) { return value == array.front(); });
  return !array.empty() && same ? array.front() : array;
}

// Inverts bounds_to_json().
std::vector<double> bounds_from_json(const json& bounds, int64_t count,
                                     double unbounded_value) {
  const auto parse_bound = [unbounded_value](const json& value) {
    if (!value.is_null() && !value.is_number()) {
      throw json_type_error("a bound", value, "a number or null");
    }
    return value.is_null() ? unbounded_value : value.get<double>();
  };
  if (!bounds.is_array()) {
    return std::vector<double>(static_cast<size_t>(count), parse_bound(bounds));
  }
  if (std::ssize(bounds) != count) {
    throw base::input_error("{} bounds for {} elements", bounds.size(), count);
  }
  std::vector<double> values;
  for (const json& value : bounds) {
    values.push_back(parse_bound(value));
  }
  return values;
}

// Parses one integer for all elements, or a list with one per element.
std::vector<int64_t> integers_from_json(const json& values, int64_t count) {
  if (!values.is_array()) {
    return std::vector<int64_t>(static_cast<size_t>(count),
                                json_integer(values));
  }
  if (std::ssize(values) != count) {
    throw base::input_error("{} values for {} elements", values.size(), count);
  }
  return json_integers(values);
}

}  // namespace

json field_to_json(const Field& field) {
  json result = {{"name", field.name}, {"role", role_name(field.role)}};
  if (field.role == Role::text) {
    return result;
  }
  result["dtype"] = dtype_name(field.dtype);
  result["shape"] = field.shape;
  if (!field.low.empty()) {
    result["low"] = bounds_to_json(field.low);
  }
  if (!field.high.empty()) {
    result["high"] = bounds_to_json(field.high);
  }
  if (!field.n.empty()) {
    result["n"] = field.n;
  }
  if (!field.start.empty()) {
    result["start"] = field.start;
  }
  return result;
}

Field field_from_json(const json& description) {
  Field field;
  try {
    field.name = string_at(description, "name");
    field.role = parse_role(string_at(description, "role"));
    if (field.role == Role::text) {
      return field;
    }
    field.dtype = parse_dtype(string_at(description, "dtype"));
    if (description.contains("shape")) {
      field.shape = json_integers(description["shape"]);
    }
    check_shape(field.shape, kMaxFieldElements);
    const int64_t count = element_count(field.shape);
    const bool has_low = description.contains("low");
    const bool has_high = description.contains("high");
    if (has_low || has_high) {
      field.low =
          bounds_from_json(description.value("low", json()), count, -kInfinity);
      field.high =
          bounds_from_json(description.value("high", json()), count, kInfinity);
    }
    if (description.contains("n") && !description["n"].is_null()) {
      field.n = integers_from_json(description["n"], count);
      field.start.assign(static_cast<size_t>(count), 0);
    }
    if (description.contains("start") && !description["start"].is_null()) {
      field.start = integers_from_json(description["start"], count);
    }
  } catch (const json::exception& error) {
    throw base::input_error("field \"{}\": {}", field.name,
                            describe_json_error(error));
  } catch (const base::Error& error) {
    throw base::input_error("field \"{}\": {}", field.name, error.what());
  }
  return field;
}

}  // namespace gato::data
