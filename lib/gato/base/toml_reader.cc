#include "gato/base/toml_reader.h"

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>
#include <type_traits>

#include "gato/base/spelling.h"

namespace gato::base {
namespace {

template <class T>
constexpr const char* toml_type_name() {
  if (std::is_same_v<T, bool>) {
    return "true or false";
  }
  if (std::is_same_v<T, int64_t>) {
    return "an integer";
  }
  return std::is_same_v<T, double> ? "a number" : "a string";
}

}  // namespace

toml::table parse_toml(std::string_view text, const std::string& path) {
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    throw usage_error("{}: line {}: {}", path, error.source().begin.line,
                      error.description());
  }
}

std::vector<TomlEntry> read_toml_table(
    const toml::table& table, const std::string& location,
    const std::vector<std::string>& known_keys) {
  std::vector<TomlEntry> entries;
  std::set<std::string> seen_keys;
  for (const auto& [toml_key, node] : table) {
    std::string key(toml_key.str());
    std::ranges::replace(key, '_', '-');
    const std::string key_location =
        fmt::format("{}: line {}: key '{}'", location,
                    toml_key.source().begin.line, toml_key.str());
    if (std::ranges::find(known_keys, key) == known_keys.end()) {
      throw usage_error("{} is unknown{}", key_location,
                        suggestion(key, known_keys));
    }
    if (!seen_keys.insert(key).second) {
      throw usage_error("{} is given twice, once with '-' and once with '_'",
                        key_location);
    }
    entries.push_back({std::move(key), key_location, &node});
  }
  return entries;
}

template <class T>
T read_toml_value(const toml::node& node, const std::string& location) {
  std::optional<T> value = node.value_exact<T>();
  if (std::is_same_v<T, double> && node.is_integer()) {
    value = node.value<T>();
  }
  if (!value) {
    throw toml_type_error(node, location, toml_type_name<T>());
  }
  return *value;
}

template bool read_toml_value(const toml::node&, const std::string&);
template int64_t read_toml_value(const toml::node&, const std::string&);
template double read_toml_value(const toml::node&, const std::string&);
template std::string read_toml_value(const toml::node&, const std::string&);

Error toml_type_error(const toml::node& node, const std::string& location,
                      std::string_view expected) {
  std::ostringstream found;
  node.visit([&found](const auto& value) { found << value; });
  return usage_error("{} must be {}, not {}", location, expected, found.str());
}

}  // namespace gato::base
