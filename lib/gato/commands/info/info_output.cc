#include "gato/commands/info/info_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <vector>

#include "gato/base/string_util.h"
#include "gato/base/text_table.h"

namespace gato::commands {
namespace {

using nlohmann::ordered_json;

// Converts {"a": {"b": 1}} to {"a.b": 1}.
ordered_json flatten(const ordered_json& entry) {
  ordered_json flat = ordered_json::object();
  for (const auto& [key, value] : entry.items()) {
    if (!value.is_object()) {
      flat[key] = value;
      continue;
    }
    const ordered_json nested = flatten(value);
    for (const auto& [nested_key, nested_value] : nested.items()) {
      flat[fmt::format("{}.{}", key, nested_key)] = nested_value;
    }
  }
  return flat;
}

void print_table(const std::string& title, const ordered_json& objects) {
  ordered_json entries = ordered_json::array();
  for (const auto& entry : objects) {
    entries.push_back(flatten(entry));
  }
  std::vector<std::string> header;
  for (const auto& entry : entries) {
    for (const auto& [key, value] : entry.items()) {
      if (std::find(header.begin(), header.end(), key) == header.end()) {
        header.push_back(key);
      }
    }
  }
  base::TextTable table(header);
  for (const auto& entry : entries) {
    std::vector<std::string> cells;
    cells.reserve(header.size());
    for (const auto& key : header) {
      cells.push_back(entry.contains(key) ? scalar_to_text(entry[key]) : "");
    }
    table.add_row(std::move(cells));
  }
  std::cout << title << ":\n" << table.to_string();
}

}  // namespace

std::string to_json_line(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string scalar_to_text(const ordered_json& value) {
  return value.is_string()
             ? base::escape_control_characters(value.get<std::string>())
             : to_json_line(value);
}

void print_facts(const ordered_json& facts, const std::string& prefix) {
  for (const auto& [key, value] : facts.items()) {
    const std::string name = prefix.empty() ? key : prefix + "." + key;
    const bool is_table =
        value.is_array() && !value.empty() && value.front().is_object();
    if (value.is_object()) {
      print_facts(value, name);
    } else if (is_table) {
      print_table(name, value);
    } else {
      std::cout << fmt::format("{:<24} {}\n",
                               base::escape_control_characters(name),
                               scalar_to_text(value));
    }
  }
}

}  // namespace gato::commands
