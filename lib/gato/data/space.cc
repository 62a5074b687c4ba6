#include "gato/data/space.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>

#include "gato/base/error.h"
#include "gato/data/lenient_json.h"

namespace gato::data {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> kRoleNames{"text", "image",
                                                     "discrete", "continuous"};

// Bounds beyond this stand for none: old Minari files write +-3.4e38.
constexpr double kUnboundedThreshold = 3e38;

// Values that an integer type or its bounds admit; infinity for numbers.
double value_count(const Field& field) {
  if (!is_integer(field.dtype)) return std::numeric_limits<double>::infinity();
  if (field.dtype == DType::boolean) return 2;
  if (field.low.empty())
    return std::ldexp(1.0, 8 * static_cast<int>(item_size(field.dtype)));
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
int64_t tuple_index(std::string_view part) {
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

void collect_fields(const Space& space, const std::string& path,
                    std::vector<Field>& fields) {
  if (space.kind == Space::Kind::dict || space.kind == Space::Kind::tuple) {
    for (const auto& [key, child] : space.children) {
      collect_fields(child, path.empty() ? key : path + "/" + key, fields);
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
    if (value <= -kUnboundedThreshold)
      value = -std::numeric_limits<double>::infinity();
  }
  for (double& value : field.high) {
    if (value >= kUnboundedThreshold)
      value = std::numeric_limits<double>::infinity();
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
                                     double unbounded_value) {
  const auto parse_bound = [unbounded_value](const json& value) {
    return value.is_null() ? unbounded_value : value.get<double>();
  };
  if (!bounds.is_array()) {
    return std::vector<double>(static_cast<size_t>(count), parse_bound(bounds));
  }
  if (static_cast<int64_t>(bounds.size()) != count) {
    throw base::input_error("{} bounds for {} elements", bounds.size(), count);
  }
  std::vector<double> values;
  for (const json& value : bounds) values.push_back(parse_bound(value));
  return values;
}

std::vector<int64_t> integers_from_json(const json& values, int64_t count) {
  if (!values.is_array()) {
    return std::vector<int64_t>(static_cast<size_t>(count),
                                json_integer(values));
  }
  if (static_cast<int64_t>(values.size()) != count) {
    throw base::input_error("{} values for {} elements", values.size(), count);
  }
  return json_integers(values);
}

}  // namespace

std::string_view role_name(Role role) {
  return kRoleNames[static_cast<size_t>(role)];
}

Role parse_role(std::string_view name) {
  for (size_t i = 0; i < kRoleNames.size(); ++i) {
    if (kRoleNames[i] == name) return static_cast<Role>(i);
  }
  throw base::usage_error(
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

bool path_precedes(std::string_view a, std::string_view b) {
  const auto [in_a, in_b] =
      std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto difference = static_cast<size_t>(in_a - a.begin());
  // The parts that hold the first difference.
  const size_t begin = difference == 0 ? 0 : a.rfind('/', difference - 1) + 1;
  const std::string_view part_a = a.substr(begin, a.find('/', begin) - begin);
  const std::string_view part_b = b.substr(begin, b.find('/', begin) - begin);
  const int64_t index_a = tuple_index(part_a), index_b = tuple_index(part_b);
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
                     return path_precedes(a.name, b.name);
                   });
}

std::vector<Field> flatten_space(const Space& space,
                                 const std::string& bare_name) {
  std::vector<Field> fields;
  const bool bare =
      space.kind != Space::Kind::dict && space.kind != Space::Kind::tuple;
  collect_fields(space, bare ? bare_name : "", fields);
  sort_fields(fields);
  return fields;
}

json field_to_json(const Field& field) {
  json result = {{"name", field.name}, {"role", role_name(field.role)}};
  if (field.role == Role::text) return result;
  result["dtype"] = dtype_name(field.dtype);
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
    field.role = parse_role(description.at("role").get<std::string>());
    if (field.role == Role::text) return field;
    field.dtype = parse_dtype(description.at("dtype").get<std::string>());
    if (description.contains("shape")) {
      field.shape = json_integers(description["shape"]);
    }
    check_shape(field.shape, kMaxFieldElements);
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
    throw base::input_error("field \"{}\": {}", field.name, error.what());
  } catch (const base::Error& error) {
    throw base::input_error("field \"{}\": {}", field.name, error.what());
  }
  return field;
}

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Space make_text_space(int64_t max_length, const std::string& extra_charset) {
  Space space;
  space.kind = Space::Kind::text;
  space.max_length = std::max<int64_t>(max_length, 1);
  for (char c = ' '; c <= '~'; ++c) space.charset += c;
  space.charset += extra_charset;
  return space;
}

Space make_discrete_space(const Field& field) {
  Space space;
  space.dtype = field.dtype;
  space.shape = field.shape;
  space.n = field.n;
  space.start = field.start;
  if (space.start.empty()) space.start.assign(space.n.size(), 0);
  const auto all = [](const std::vector<int64_t>& values, int64_t expected) {
    return std::all_of(values.begin(), values.end(),
                       [expected](int64_t value) { return value == expected; });
  };
  if (field.dtype == DType::boolean) {  // which the discrete spaces refuse
    const auto count = static_cast<size_t>(element_count(field.shape));
    space.low.assign(count, 0);
    space.high.assign(count, 1);
  } else if (field.shape.empty()) {
    space.kind = Space::Kind::discrete;
  } else if (field.dtype == DType::int8 && all(space.n, 2) &&
             all(space.start, 0)) {
    space.kind = Space::Kind::multi_binary;
  } else {
    space.kind = Space::Kind::multi_discrete;
  }
  return space;
}

Space make_box_space(const Field& field) {
  Space space;
  space.dtype = field.dtype;
  space.shape = field.shape;
  const auto count = static_cast<size_t>(element_count(field.shape));
  space.low = field.low;
  space.high = field.high;
  if (space.low.empty()) space.low.assign(count, -kInfinity);
  if (space.high.empty()) space.high.assign(count, kInfinity);
  return space;
}

// Children in the order of fields; a space of members "_index_0" to
// "_index_k-1" is a tuple.
void sort_children(Space& space) {
  for (auto& [key, child] : space.children) sort_children(child);
  if (space.kind != Space::Kind::dict) return;
  std::sort(space.children.begin(), space.children.end(),
            [](const auto& a, const auto& b) {
              return path_precedes(a.name, b.name);
            });
  bool is_tuple = !space.children.empty();
  for (size_t i = 0; i < space.children.size(); ++i) {
    is_tuple &= space.children[i].name == "_index_" + std::to_string(i);
  }
  if (is_tuple) space.kind = Space::Kind::tuple;
}

}  // namespace

bool is_valid_hdf5_path(std::string_view path) {
  const std::vector<std::string> parts = split_path(path);
  return std::none_of(parts.begin(), parts.end(), [](const auto& part) {
    return part.empty() || part == "." || part == ".." ||
           part.find('\0') != std::string::npos;
  });
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t slash = path.find('/');
    parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

bool is_bare_space(const std::vector<Field>& fields,
                   const std::string& bare_name) {
  return fields.size() == 1 && fields[0].name == bare_name;
}

Space unflatten_space(const std::vector<Field>& fields,
                      const std::string& bare_name, int64_t max_text_length,
                      const std::string& extra_text) {
  const auto leaf = [&](const Field& field) {
    if (field.role == Role::text)
      return make_text_space(max_text_length, extra_text);
    return field.n.empty() ? make_box_space(field) : make_discrete_space(field);
  };
  if (is_bare_space(fields, bare_name)) return leaf(fields[0]);

  Space root;
  root.kind = Space::Kind::dict;
  for (const Field& field : fields) {
    Space* parent = &root;
    const auto parts = split_path(field.name);
    for (size_t i = 0; i < parts.size(); ++i) {
      const bool last = i + 1 == parts.size();
      auto child = std::find_if(
          parent->children.begin(), parent->children.end(),
          [&](const auto& entry) { return entry.name == parts[i]; });
      if (child == parent->children.end()) {
        Space space;
        space.kind = Space::Kind::dict;
        if (last) space = leaf(field);
        parent->children.push_back({parts[i], std::move(space)});
        child = parent->children.end() - 1;
      }
      parent = &child->space;
    }
  }
  sort_children(root);
  return root;
}

}  // namespace gato::data
