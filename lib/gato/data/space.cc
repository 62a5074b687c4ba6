// Flattening lists the leaves of a nested space with their paths and sorts them
// into token order. The path of a tuple member contains its index as
// "_index_i", as in Minari's HDF5 files, so the nesting can be restored from
// the paths alone; see unflatten_space().
#include "gato/data/space.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "gato/base/error.h"

namespace gato::data {
namespace {

constexpr std::array<std::string_view, 4> kRoleNames{"text", "image",
                                                     "discrete", "continuous"};

// Bounds of this magnitude mean "unbounded": old Minari files contain +-3.4e38.
constexpr double kUnboundedThreshold = 3e38;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// An image has two sides of at least this length.
constexpr int64_t kMinImageSide = 16;
// Integers with more values than this are continuous.
constexpr double kMaxDiscreteValues = 1024;

// Returns how many values an element can have according to its bounds, or to
// its integer type if it has none. Returns infinity for floating-point types.
double value_count(const Field& field) {
  if (!is_integer(field.dtype)) {
    return kInfinity;
  }
  if (field.dtype == DType::boolean) {
    return 2;
  }
  if (field.low.empty()) {
    return std::ldexp(1.0, 8 * static_cast<int>(item_size(field.dtype)));
  }
  const double low = *std::min_element(field.low.begin(), field.low.end());
  const double high = *std::max_element(field.high.begin(), field.high.end());
  return high - low + 1;
}

bool looks_like_image(const Field& field) {
  if (field.dtype != DType::uint8) {
    return false;
  }
  std::vector<int64_t> sides = field.shape;
  if (sides.size() < 2 || sides.size() > 4) {
    return false;
  }
  if (sides.size() == 4) {
    sides.erase(sides.begin());  // [F,H,W,C]
  }
  if (sides.size() == 3) {
    // The channel axis is the first one if it is the shortest, otherwise the
    // last one.
    const bool channels_first = sides[0] < sides[1] && sides[0] < sides[2];
    sides.erase(channels_first ? sides.begin() : sides.end() - 1);
  }
  return sides[0] >= kMinImageSide && sides[1] >= kMinImageSide;
}

// Returns i for the path component "_index_i" of a tuple member, and -1 for any
// other component.
int64_t tuple_index(std::string_view component) {
  constexpr std::string_view kPrefix = "_index_";
  constexpr size_t kMaxDigits = 9;
  if (!component.starts_with(kPrefix) || component.size() == kPrefix.size() ||
      component.size() > kPrefix.size() + kMaxDigits) {
    return -1;
  }
  int64_t index = 0;
  for (char c : component.substr(kPrefix.size())) {
    if (c < '0' || c > '9') {
      return -1;
    }
    index = 10 * index + (c - '0');
  }
  return index;
}

// Appends the leaves of `space`, which is at `path`, in the order of the space.
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
    if (value <= -kUnboundedThreshold) {
      value = -kInfinity;
    }
  }
  for (double& value : field.high) {
    if (value >= kUnboundedThreshold) {
      value = kInfinity;
    }
  }
  field.n = space.n;
  field.start = space.start;
  field.role = default_role(field, space.kind);
  fields.push_back(std::move(field));
}

}  // namespace

std::string_view role_name(Role role) {
  return kRoleNames[static_cast<size_t>(role)];
}

Role parse_role(std::string_view name) {
  for (size_t i = 0; i < kRoleNames.size(); ++i) {
    if (kRoleNames[i] == name) {
      return static_cast<Role>(i);
    }
  }
  throw base::usage_error(
      "unknown role \"{}\": use text, image, discrete or continuous", name);
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
  if (looks_like_image(field)) {
    return Role::image;
  }
  return value_count(field) <= kMaxDiscreteValues ? Role::discrete
                                                  : Role::continuous;
}

bool path_precedes(std::string_view a, std::string_view b) {
  const auto first_difference =
      std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  const auto difference = static_cast<size_t>(first_difference - a.begin());
  // The components that contain the first difference begin at the same position
  // in both paths. rfind() returns npos if they are the first ones, and
  // npos + 1 is 0.
  const size_t begin = difference == 0 ? 0 : a.rfind('/', difference - 1) + 1;
  const auto component = [begin](std::string_view path) {
    return path.substr(begin, path.find('/', begin) - begin);
  };
  const int64_t index_a = tuple_index(component(a));
  const int64_t index_b = tuple_index(component(b));
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
                     if (a.role != b.role) {
                       return a.role < b.role;
                     }
                     return path_precedes(a.name, b.name);
                   });
}

std::vector<Field> flatten_space(const Space& space,
                                 const std::string& bare_name) {
  std::vector<Field> fields;
  const bool is_leaf =
      space.kind != Space::Kind::dict && space.kind != Space::Kind::tuple;
  collect_fields(space, is_leaf ? bare_name : "", fields);
  sort_fields(fields);
  return fields;
}

namespace {

// Returns a space of printable ASCII characters and `extra_charset`.
Space make_text_space(int64_t max_length, const std::string& extra_charset) {
  Space space;
  space.kind = Space::Kind::text;
  space.max_length = std::max<int64_t>(max_length, 1);
  for (char c = ' '; c <= '~'; ++c) {
    space.charset += c;
  }
  space.charset += extra_charset;
  return space;
}

Space make_discrete_space(const Field& field) {
  Space space;
  space.dtype = field.dtype;
  space.shape = field.shape;
  space.n = field.n;
  space.start = field.start;
  if (space.start.empty()) {
    space.start.assign(space.n.size(), 0);
  }
  const auto all = [](const std::vector<int64_t>& values, int64_t expected) {
    return std::all_of(values.begin(), values.end(),
                       [expected](int64_t value) { return value == expected; });
  };
  if (field.dtype == DType::boolean) {  // not allowed in Discrete
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
  if (space.low.empty()) {
    space.low.assign(count, -kInfinity);
  }
  if (space.high.empty()) {
    space.high.assign(count, kInfinity);
  }
  return space;
}

// Returns the child of this name, or null.
Space* find_child(Space& parent, const std::string& name) {
  const auto found =
      std::find_if(parent.children.begin(), parent.children.end(),
                   [&](const NamedSpace& child) { return child.name == name; });
  return found == parent.children.end() ? nullptr : &found->space;
}

Space make_empty_dict() {
  Space space;
  space.kind = Space::Kind::dict;
  return space;
}

// Sorts the children of every dict as by path_precedes(). Dicts whose keys are
// "_index_0" to "_index_{k-1}" become tuples.
void sort_children(Space& space) {
  for (auto& [key, child] : space.children) {
    sort_children(child);
  }
  if (space.kind != Space::Kind::dict) {
    return;
  }
  std::sort(space.children.begin(), space.children.end(),
            [](const auto& a, const auto& b) {
              return path_precedes(a.name, b.name);
            });
  bool is_tuple = !space.children.empty();
  for (size_t i = 0; i < space.children.size(); ++i) {
    is_tuple &= space.children[i].name == "_index_" + std::to_string(i);
  }
  if (is_tuple) {
    space.kind = Space::Kind::tuple;
  }
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
    if (slash == std::string_view::npos) {
      return parts;
    }
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
  const auto make_leaf = [&](const Field& field) {
    if (field.role == Role::text) {
      return make_text_space(max_text_length, extra_text);
    }
    return field.n.empty() ? make_box_space(field) : make_discrete_space(field);
  };
  if (is_bare_space(fields, bare_name)) {
    return make_leaf(fields[0]);
  }

  Space root = make_empty_dict();
  for (const Field& field : fields) {
    const std::vector<std::string> path = split_path(field.name);
    Space* parent = &root;
    for (size_t i = 0; i < path.size(); ++i) {
      Space* child = find_child(*parent, path[i]);
      if (child == nullptr) {
        const bool is_last = i + 1 == path.size();
        parent->children.push_back(
            {path[i], is_last ? make_leaf(field) : make_empty_dict()});
        child = &parent->children.back().space;
      }
      parent = child;
    }
  }
  sort_children(root);
  return root;
}

}  // namespace gato::data
