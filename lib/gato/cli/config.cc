#include "gato/cli/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "gato/base/error.h"
#include "gato/base/nearest.h"

namespace gato::cli {
namespace {

std::vector<std::string> keys(const OptionTable& table) {
  std::vector<std::string> names;
  for (const auto& option : table.options()) {
    if (option->in_config) names.push_back(option->name);
  }
  return names;
}

toml::table parse_file(const std::string& path) {
  std::ifstream file(path);
  file.peek();  // a directory opens, and fails only when it is read
  if (!file.is_open() || file.bad()) {
    throw io_error("{}: cannot read the configuration: {}", path,
                   std::strerror(errno));
  }
  std::ostringstream text;
  text << file.rdbuf();
  try {
    return toml::parse(text.str(), path);
  } catch (const toml::parse_error& error) {
    throw usage_error("{}: line {}: {}", path, error.source().begin.line,
                      error.description());
  }
}

std::string scalar_text(const toml::node& node, const std::string& origin) {
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* value = node.as_integer()) {
    return fmt::format("{}", value->get());
  }
  if (const auto* value = node.as_floating_point()) {
    return fmt::format("{}", value->get());
  }
  if (const auto* value = node.as_boolean()) {
    return value->get() ? "true" : "false";
  }
  throw usage_error("{}: a value of this type is not understood", origin);
}

Given to_given(const toml::node& node, const Option& option,
               const std::string& origin) {
  Given given{{}, origin, false};
  if (const toml::array* array = node.as_array()) {
    given.is_verbatim = true;
    for (const toml::node& item : *array) {
      given.texts.push_back(scalar_text(item, origin));
    }
    if (given.texts.empty() && !is_list(option.target)) {
      throw usage_error("{}: one value is wanted, not an empty list", origin);
    }
  } else if (const toml::table* pairs = node.as_table()) {
    if (!std::holds_alternative<std::map<std::string, std::string>*>(
            option.target)) {
      throw usage_error("{}: one value is wanted, not a table", origin);
    }
    for (const auto& [key, item] : *pairs) {
      given.texts.push_back(std::string(key.str()) + "=" +
                            scalar_text(item, origin));
    }
  } else {
    given.texts.push_back(scalar_text(node, origin));
  }
  return given;
}

// A TOML basic string.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      result += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string toml_text(const nlohmann::json& value) {
  if (value.is_string()) return quoted(value.get<std::string>());
  // TOML's integers are signed: beyond them as a text, which is read too.
  if (value.is_number_unsigned() &&
      value.get<uint64_t>() > std::numeric_limits<int64_t>::max()) {
    return quoted(value.dump());
  }
  std::vector<std::string> items;
  if (value.is_array()) {
    for (const auto& item : value) items.push_back(toml_text(item));
    return fmt::format("[{}]", fmt::join(items, ", "));
  }
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      items.push_back(quoted(key) + " = " + toml_text(item));
    }
    return fmt::format("{{ {} }}", fmt::join(items, ", "));
  }
  return value.dump();
}

}  // namespace

void read_config(const std::string& path, const OptionTable& table,
                 Arguments& arguments) {
  std::set<std::string> seen;
  for (const auto& [key, node] : parse_file(path)) {
    std::string name(key.str());
    std::replace(name.begin(), name.end(), '_', '-');
    const std::string origin = fmt::format("{}: line {}: key '{}'", path,
                                           key.source().begin.line, key.str());
    const Option* option = table.find(name);
    if (!option || !option->in_config) {
      throw usage_error("{} is unknown{}", origin,
                        suggestion(name, keys(table)));
    }
    if (!seen.insert(name).second) {
      throw usage_error("{} stands twice, with - and with _", origin);
    }
    arguments[name] = to_given(node, *option, origin);
  }
}

nlohmann::json configuration(const OptionTable& table) {
  nlohmann::json values = nlohmann::json::object();
  for (const auto& option : table.options()) {
    if (option->in_config) values[option->name] = value_of(option->target);
  }
  return values;
}

std::string to_toml(const OptionTable& table) {
  std::string text;
  for (const auto& option : table.options()) {
    if (!option->in_config) continue;
    const nlohmann::json value = value_of(option->target);
    const bool says_nothing =
        is_empty(option->target) && option->default_text.empty();
    if (value.is_null() || says_nothing) continue;
    text += option->name + " = " + toml_text(value) + "\n";
  }
  return text;
}

}  // namespace gato::cli
