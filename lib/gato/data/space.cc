#include "gato/data/space.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>

#include "gato/base/error.h"
#include "gato/data/loose_json.h"

namespace gato {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> role_names{"text", "image",
                                                     "discrete", "continuous"};

// Bounds beyond this stand for none: old Minari files write +-3.4e38.
constexpr double unbounded = 3e38;

// Values that an integer type or its bounds admit; infinity for numbers.
double value_count(const Field& field) {
  if (!is_integer(field.dtype)) return std::numeric_limits<double>::infinity();
  if (field.dtype == DType::boolean) return 2;
  if (field.low.empty())
    return std::ldexp(1.0, 8 * static_cast<int>(size_of(field.dtype)));
  const double low = *std::min_element(field.low.begin(), field.low.end());
  const double high = *std::max_element(field.high.begin(), field.high.end());
  return high - low + 1;
}

bool looks_like_image(const Field& field) {
  if (field.dtype != DType::uint8) return false;
  std::vector<int64_t> sides = field.shape;
  if (sides.size() < 2 || sides.size() > 4) return false;
  if (sides.size() == 4) sides.erase(sides.begin());  // [F,H,W,C]
  if (sides.size() == 3) {
    // The channels are the smallest extent; ties go to the last.
    const bool first = sides[0] < sides[1] && sides[0] < sides[2];
    sides.erase(first ? sides.begin() : sides.end() - 1);
  }
  return sides[0] >= 16 && sides[1] >= 16;
}

// The number of a tuple member, "_index_i"; -1 for any other part of a path.
int64_t index_of(std::string_view part) {
  constexpr std::string_view prefix = "_index_";
  if (!part.starts_with(prefix) || part.size() == prefix.size() ||
      part.size() > prefix.size() + 9) {
    return -1;
  }
  int64_t index = 0;
  for (char c : part.substr(prefix.size())) {
    if (c < '0' || c > '9') return -1;
    index = 10 * index + (c - '0');
  }
  return index;
}

void collect(const Space& space, const std::string& path,
             std::vector<Field>& fields) {
  if (space.kind == Space::Kind::dict || space.kind == Space::Kind::tuple) {
    for (const auto& [key, child] : space.children) {
      collect(child, path.empty() ? key : path + "/" + key, fields);
    }
    return;
  }
  Field field;
  field.name = path;
  field.dtype = space.dtype;
  field.shape = space.shape;
  field.low = space.low;
  field.high = space.high;
  for (double& value : field.low) {
    if (value <= -unbounded) value = -std::numeric_limits<double>::infinity();
  }
  for (double& value : field.high) {
    if (value >= unbounded) value = std::numeric_limits<double>::infinity();
  }
  field.n = space.n;
  field.start = space.start;
  field.role = default_role(field, space.kind);
  fields.push_back(std::move(field));
}

json bounds_to_json(const std::vector<double>& bounds) {
  json array = json::array();
  for (double value : bounds) {
    if (std::isfinite(value)) {
      array.push_back(value);
    } else {
      array.push_back(nullptr);
    }
  }
  const bool same = std::all_of(
      array.begin(), array.end(),
      [&array](const json& value) { return value == array.front(); });
  return !array.empty() && same ? array.front() : array;
}

// A number, or null for none, or a flat list of them.
std::vector<double> bounds_from_json(const json& bounds, int64_t count,
                                     double none) {
  const auto one = [none](const json& value) {
    return value.is_null() ? none : value.get<double>();
  };
  if (!bounds.is_array()) {
    return std::vector<double>(static_cast<size_t>(count), one(bounds));
  }
  if (static_cast<int64_t>(bounds.size()) != count) {
    throw input_error("{} bounds for {} elements", bounds.size(), count);
  }
  std::vector<double> values;
  for (const json& value : bounds) values.push_back(one(value));
  return values;
}

std::vector<int64_t> integers_from_json(const json& values, int64_t count) {
  if (!values.is_array()) {
    return std::vector<int64_t>(static_cast<size_t>(count),
                                json_integer(values));
  }
  if (static_cast<int64_t>(values.size()) != count) {
    throw input_error("{} values for {} elements", values.size(), count);
  }
  return json_integers(values);
}

}  // namespace

std::string_view name_of(Role role) {
  return role_names[static_cast<size_t>(role)];
}

Role role_named(std::string_view name) {
  for (size_t i = 0; i < role_names.size(); ++i) {
    if (role_names[i] == name) return static_cast<Role>(i);
  }
  throw usage_error(
      "the role \"{}\" is not known: use text, image, discrete or continuous",
      name);
}

Role default_role(const Field& field, Space::Kind kind) {
  switch (kind) {
    case Space::Kind::text:
      return Role::text;
    case Space::Kind::discrete:
    case Space::Kind::multi_discrete:
    case Space::Kind::multi_binary:
      return Role::discrete;
    default:
      break;
  }
  if (looks_like_image(field)) return Role::image;
  return value_count(field) <= 1024 ? Role::discrete : Role::continuous;
}

bool path_less(std::string_view a, std::string_view b) {
  const auto [in_a, in_b] =
      std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto place = static_cast<size_t>(in_a - a.begin());
  // The parts that hold the first difference.
  const size_t begin = place == 0 ? 0 : a.rfind('/', place - 1) + 1;
  const std::string_view part_a = a.substr(begin, a.find('/', begin) - begin);
  const std::string_view part_b = b.substr(begin, b.find('/', begin) - begin);
  const int64_t index_a = index_of(part_a), index_b = index_of(part_b);
  if (index_a >= 0 && index_b >= 0 && index_a != index_b) {
    return index_a < index_b;
  }
  return std::lexicographical_compare(
      a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return static_cast<unsigned char>(x) < static_cast<unsigned char>(y);
      });
}

void sort_fields(std::vector<Field>& fields) {
  std::stable_sort(fields.begin(), fields.end(),
                   [](const Field& a, const Field& b) {
                     if (a.role != b.role) return a.role < b.role;
                     return path_less(a.name, b.name);
                   });
}

std::vector<Field> flatten(const Space& space, const std::string& bare_name) {
  std::vector<Field> fields;
  const bool bare =
      space.kind != Space::Kind::dict && space.kind != Space::Kind::tuple;
  collect(space, bare ? bare_name : "", fields);
  sort_fields(fields);
  return fields;
}

json field_to_json(const Field& field) {
  json result = {{"name", field.name}, {"role", name_of(field.role)}};
  if (field.role == Role::text) return result;
  result["dtype"] = name_of(field.dtype);
  result["shape"] = field.shape;
  if (!field.low.empty()) result["low"] = bounds_to_json(field.low);
  if (!field.high.empty()) result["high"] = bounds_to_json(field.high);
  if (!field.n.empty()) result["n"] = field.n;
  if (!field.start.empty()) result["start"] = field.start;
  return result;
}

Field field_from_json(const json& description) {
  Field field;
  try {
    field.name = description.at("name").get<std::string>();
    field.role = role_named(description.at("role").get<std::string>());
    if (field.role == Role::text) return field;
    field.dtype = dtype_named(description.at("dtype").get<std::string>());
    if (description.contains("shape")) {
      field.shape = json_integers(description["shape"]);
    }
    check_shape(field.shape, most_elements);
    const int64_t count = element_count(field.shape);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const bool has_low = description.contains("low");
    const bool has_high = description.contains("high");
    if (has_low || has_high) {
      field.low =
          bounds_from_json(description.value("low", json()), count, -infinity);
      field.high =
          bounds_from_json(description.value("high", json()), count, infinity);
    }
    if (description.contains("n") && !description["n"].is_null()) {
      field.n = integers_from_json(description["n"], count);
      field.start.assign(static_cast<size_t>(count), 0);
    }
    if (description.contains("start") && !description["start"].is_null()) {
      field.start = integers_from_json(description["start"], count);
    }
  } catch (const json::exception& error) {
    throw input_error("field \"{}\": {}", field.name, error.what());
  } catch (const Error& error) {
    throw input_error("field \"{}\": {}", field.name, error.what());
  }
  return field;
}

}  // namespace gato
