// base/toml_reader.h checks the keys and the types of values. Each value is
// then converted to text, so that assign_value() handles it like one from the
// command line. Writing goes the other way, through the JSON of the targets.
#include "gato/cli/toml_config.h"

#include <charconv>
#include <limits>

#include "gato/base/file_io.h"
#include "gato/base/overloaded.h"
#include "gato/base/toml_reader.h"

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

// Returns whether the node is an integer beyond the range of int64, the type of
// TOML's integers. Such a value is given as a string.
bool is_large_integer(const toml::node& node, const OptionTarget& target) {
  constexpr uint64_t kMaxInteger = std::numeric_limits<int64_t>::max();
  const auto* text = node.as_string();
  if (!text || !std::holds_alternative<uint64_t*>(target)) {
    return false;
  }
  uint64_t value = 0;
  const char* end = text->get().data() + text->get().size();
  const auto parsed = std::from_chars(text->get().data(), end, value);
  return parsed.ec == std::errc{} && parsed.ptr == end && value > kMaxInteger;
}

std::string scalar_text(const toml::node& node, ValueType type,
                        const std::string& location) {
  switch (type) {
    case ValueType::boolean:
      return base::read_toml_value<bool>(node, location) ? "true" : "false";
    case ValueType::integer:
      return fmt::format("{}", base::read_toml_value<int64_t>(node, location));
    case ValueType::number:
      return fmt::format("{}", base::read_toml_value<double>(node, location));
    case ValueType::string:
      break;
  }
  return base::read_toml_value<std::string>(node, location);
}

ParsedValue parse_toml_value(const toml::node& node, const Option& option,
                             const std::string& location) {
  ParsedValue given{{}, location, true};
  const ValueType type = value_type(option.target);
  if (is_map(option.target)) {
    const toml::table* pairs = node.as_table();
    if (!pairs) {
      throw base::toml_type_error(node, location, "a table of strings");
    }
    for (const auto& [key, item] : *pairs) {
      const std::string name(key.str());
      given.texts.push_back(
          name + "=" +
          scalar_text(item, type, fmt::format("{}: '{}'", location, name)));
    }
  } else if (const toml::array* array = node.as_array();
             array && is_list(option.target)) {
    for (const toml::node& item : *array) {
      given.texts.push_back(scalar_text(item, type, location + ": each item"));
    }
  } else if (is_large_integer(node, option.target)) {
    given.texts.push_back(node.as_string()->get());
  } else {
    given.texts.push_back(scalar_text(node, type, location));
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

// Returns whether all texts in a value are UTF-8, as TOML must be. Paths may be
// anything.
bool is_utf8(const nlohmann::json& value) {
  try {
    static_cast<void>(value.dump());
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

}  // namespace

void read_config(const std::string& path, const OptionTable& table,
                 ParsedOptions& arguments) {
  const toml::table document = base::parse_toml(base::read_file(path), path);
  for (const base::TomlEntry& entry :
       base::read_toml_table(document, path, config_keys(table))) {
    arguments[entry.key] =
        parse_toml_value(*entry.node, *table.find(entry.key), entry.location);
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

nlohmann::json default_configuration(const OptionTable& table) {
  nlohmann::json values = nlohmann::json::object();
  for (const auto& option : table.options()) {
    if (option->is_in_config) {
      values[option->name] = option->default_value;
    }
  }
  return values;
}

nlohmann::json fixed_configuration(const OptionTable& table,
                                   const nlohmann::json& configuration) {
  nlohmann::json fixed = nlohmann::json::object();
  for (const auto& option : table.options()) {
    if (option->is_in_config && table.on_resume(*option) == OnResume::fixed) {
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
    const bool is_unset = is_empty(option->target) &&
                          value_to_text(option->default_value).empty();
    if (value.is_null() || is_unset) {
      continue;
    }
    if (!is_utf8(value)) {
      text += "# " + option->name + " is left out, because it is not UTF-8\n";
      continue;
    }
    text += option->name + " = " + format_toml_value(value) + "\n";
  }
  return text;
}

}  // namespace gato::cli
