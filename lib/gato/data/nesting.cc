#include "gato/data/nesting.h"

#include <algorithm>
#include <limits>

namespace gato {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Space text_space(int64_t longest, const std::string& extra) {
  Space space;
  space.kind = Space::Kind::text;
  space.max_length = std::max<int64_t>(longest, 1);
  for (char c = ' '; c <= '~'; ++c) space.charset += c;
  space.charset += extra;
  return space;
}

Space discrete_space(const Field& field) {
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

Space box_space(const Field& field) {
  Space space;
  space.dtype = field.dtype;
  space.shape = field.shape;
  const auto count = static_cast<size_t>(element_count(field.shape));
  space.low = field.low;
  space.high = field.high;
  if (space.low.empty()) space.low.assign(count, -infinity);
  if (space.high.empty()) space.high.assign(count, infinity);
  return space;
}

// Children in the order of fields; a space of members "_index_0" to
// "_index_k-1" is a tuple.
void order_children(Space& space) {
  for (auto& [key, child] : space.children) order_children(child);
  if (space.kind != Space::Kind::dict) return;
  std::sort(
      space.children.begin(), space.children.end(),
      [](const auto& a, const auto& b) { return path_less(a.name, b.name); });
  bool is_tuple = !space.children.empty();
  for (size_t i = 0; i < space.children.size(); ++i) {
    is_tuple &= space.children[i].name == "_index_" + std::to_string(i);
  }
  if (is_tuple) space.kind = Space::Kind::tuple;
}

}  // namespace

bool is_path(std::string_view path) {
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

bool is_bare(const std::vector<Field>& fields, const std::string& bare_name) {
  return fields.size() == 1 && fields[0].name == bare_name;
}

Space nest(const std::vector<Field>& fields, const std::string& bare_name,
           int64_t longest_text, const std::string& extra_text) {
  const auto leaf = [&](const Field& field) {
    if (field.role == Role::text) return text_space(longest_text, extra_text);
    return field.n.empty() ? box_space(field) : discrete_space(field);
  };
  if (is_bare(fields, bare_name)) return leaf(fields[0]);

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
  order_children(root);
  return root;
}

}  // namespace gato
