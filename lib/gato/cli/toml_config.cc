// Reading checks the TOML type of each value against the option's target and
// then converts the value to text, so that assign_value() handles it like one
// from the command line. Writing goes the other way, through the JSON of the
// targets.
#include "gato/cli/toml_config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "gato/base/error.h"
#include "gato/base/overloaded.h"
#include "gato/base/spelling.h"

namespace gato::cli {
namespace {

std::vector<std::string> config_keys(const OptionTable& table) {
  std::vector<std::string> names;
  for (const auto& option : table.options()) {
    if (option->is_in_config) {
      names.push_back(option->name);
    }
  }
  return names;
}

toml::table parse_file(const std::string& path) {
  std::ifstream file(path);
  file.peek();  // a directory can be opened, but reading it fails
  if (!file.is_open() || file.bad()) {
    throw base::io_error("{}: cannot read the configuration: {}", path,
                         std::strerror(errno));
  }
  std::ostringstream text;
  text << file.rdbuf();
  try {
    return toml::parse(text.str(), path);
  } catch (const toml::parse_error& error) {
    throw base::usage_error("{}: line {}: {}", path, error.source().begin.line,
                            error.description());
  }
}

// The TOML type of one value of a target.
enum class ValueType { boolean, integer, number, string };

ValueType value_type(const OptionTarget& target) {
  return std::visit(
      base::overloaded{
          [](bool*) { return ValueType::boolean; },
          [](double*) { return ValueType::number; },
          [](std::optional<double>*) { return ValueType::number; },
          [](int64_t*) { return ValueType::integer; },
          [](uint64_t*) { return ValueType::integer; },
          [](std::optional<int64_t>*) { return ValueType::integer; },
          [](std::vector<int64_t>*) { return ValueType::integer; },
          [](auto*) { return ValueType::string; }},
      target);
}

const char* value_type_name(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return "true or false";
    case ValueType::integer:
      return "an integer";
    case ValueType::number:
      return "a number";
    case ValueType::string:
      break;
  }
  return "a string";
}

// Returns an error such as "must be an integer, not '3'", with the value as it
// is written in TOML.
base::Error wrong_type_error(const toml::node& node, const std::string& origin,
                             const std::string& expected) {
  std::ostringstream found;
  node.visit([&found](const auto& value) { found << value; });
  return base::usage_error("{} must be {}, not {}", origin, expected,
                           found.str());
}

// Returns whether the node is an integer beyond the range of int64, the type of
// TOML's integers. Such a value is given as a string.
bool is_large_integer(const toml::node& node, const OptionTarget& target) {
  constexpr uint64_t max_integer = std::numeric_limits<int64_t>::max();
  const auto* text = node.as_string();
  if (!text || !std::holds_alternative<uint64_t*>(target)) {
    return false;
  }
  uint64_t value = 0;
  const char* end = text->get().data() + text->get().size();
  const auto parsed = std::from_chars(text->get().data(), end, value);
  return parsed.ec == std::errc{} && parsed.ptr == end && value > max_integer;
}

std::string scalar_text(const toml::node& node, ValueType type,
                        const std::string& origin) {
  if (const auto* value = node.as_string();
      value && type == ValueType::string) {
    return value->get();
  }
  const auto* integer = node.as_integer();
  if (integer && (type == ValueType::integer || type == ValueType::number)) {
    return fmt::format("{}", integer->get());
  }
  if (const auto* value = node.as_floating_point();
      value && type == ValueType::number) {
    return fmt::format("{}", value->get());
  }
  if (const auto* value = node.as_boolean();
      value && type == ValueType::boolean) {
    return value->get() ? "true" : "false";
  }
  throw wrong_type_error(node, origin, value_type_name(type));
}

ParsedValue parse_toml_value(const toml::node& node, const Option& option,
                             const std::string& origin) {
  ParsedValue given{{}, origin, true};
  const ValueType type = value_type(option.target);
  if (std::holds_alternative<std::map<std::string, std::string>*>(
          option.target)) {
    const toml::table* pairs = node.as_table();
    if (!pairs) {
      throw wrong_type_error(node, origin, "a table of strings");
    }
    for (const auto& [key, item] : *pairs) {
      const std::string name(key.str());
      given.texts.push_back(
          name + "=" +
          scalar_text(item, type, fmt::format("{}: '{}'", origin, name)));
    }
  } else if (const toml::array* array = node.as_array();
             array && is_list(option.target)) {
    for (const toml::node& item : *array) {
      given.texts.push_back(scalar_text(item, type, origin + ": each item"));
    }
  } else if (is_large_integer(node, option.target)) {
    given.texts.push_back(node.as_string()->get());
  } else {
    given.texts.push_back(scalar_text(node, type, origin));
  }
  return given;
}

// Returns the text as a TOML basic string.
std::string quote_toml_string(const std::string& text) {
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

std::string format_toml_value(const nlohmann::json& value) {
  if (value.is_string()) {
    return quote_toml_string(value.get<std::string>());
  }
  // Integers beyond the range of int64 are written as strings, which
  // is_large_integer() accepts.
  if (value.is_number_unsigned() &&
      value.get<uint64_t>() > std::numeric_limits<int64_t>::max()) {
    return quote_toml_string(value.dump());
  }
  std::vector<std::string> items;
  if (value.is_array()) {
    for (const auto& item : value) {
      items.push_back(format_toml_value(item));
    }
    return fmt::format("[{}]", fmt::join(items, ", "));
  }
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      items.push_back(quote_toml_string(key) + " = " + format_toml_value(item));
    }
    return fmt::format("{{ {} }}", fmt::join(items, ", "));
  }
  return value.dump();
}

}  // namespace

void read_config(const std::string& path, const OptionTable& table,
                 ParsedOptions& arguments) {
  std::set<std::string> seen;
  for (const auto& [key, node] : parse_file(path)) {
    std::string name(key.str());
    std::replace(name.begin(), name.end(), '_', '-');
    const std::string origin = fmt::format("{}: line {}: key '{}'", path,
                                           key.source().begin.line, key.str());
    const Option* option = table.find(name);
    if (!option || !option->is_in_config) {
      throw base::usage_error("{} is unknown{}", origin,
                              base::suggestion(name, config_keys(table)));
    }
    if (!seen.insert(name).second) {
      throw base::usage_error("{} stands twice, with - and with _", origin);
    }
    arguments[name] = parse_toml_value(node, *option, origin);
  }
}

nlohmann::json configuration_json(const OptionTable& table) {
  nlohmann::json values = nlohmann::json::object();
  for (const auto& option : table.options()) {
    if (option->is_in_config) {
      values[option->name] = target_to_json(option->target);
    }
  }
  return values;
}

nlohmann::json fixed_configuration(const OptionTable& table,
                                   const nlohmann::json& configuration) {
  nlohmann::json fixed = nlohmann::json::object();
  for (const auto& option : table.options()) {
    const bool may_differ = option->on_resume == OnResume::may_change ||
                            option->on_resume == OnResume::per_invocation;
    if (option->is_in_config && !may_differ) {
      fixed[option->name] = configuration.at(option->name);
    }
  }
  return fixed;
}

std::string to_toml(const OptionTable& table, ConfigScope scope) {
  std::string text;
  for (const auto& option : table.options()) {
    if (!option->is_in_config ||
        (scope == ConfigScope::without_per_invocation &&
         option->on_resume == OnResume::per_invocation)) {
      continue;
    }
    const nlohmann::json value = target_to_json(option->target);
    const bool is_unset =
        is_empty(option->target) && option->default_text.empty();
    if (value.is_null() || is_unset) {
      continue;
    }
    text += option->name + " = " + format_toml_value(value) + "\n";
  }
  return text;
}

}  // namespace gato::cli
