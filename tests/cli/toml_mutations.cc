#include "cli/toml_mutations.h"

#include <catch2/catch.hpp>
#include <sstream>

#include "cli/json_mutations.h"
#include "gato/base/file_io.h"
#include "gato/base/toml_reader.h"
#include "gato/cli/common_options.h"

namespace gato::test {
namespace {

using nlohmann::json;

std::string format_toml(const json& value) {
  if (value.is_null()) {
    return "inf";
  }
  if (!value.is_structured()) {
    return value.dump();
  }
  std::string text;
  for (const auto& [key, item] : value.items()) {
    text += text.empty() ? "" : ", ";
    text += value.is_object() ? key + " = " : "";
    text += format_toml(item);
  }
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

std::vector<std::string> configuration_keys(const cli::Command& command) {
  cli::CommonOptions common;
  cli::InvocationOptions invocation;
  cli::OptionTable table;
  cli::build_option_table(command, common, invocation, table);
  std::vector<std::string> keys;
  for (const auto& option : table.options()) {
    if (option->is_in_config) {
      keys.push_back(option->name);
    }
  }
  return keys;
}

}  // namespace

std::string format_toml_document(const json& value) {
  if (!value.is_object()) {
    return format_toml(value);
  }
  std::string text;
  for (const auto& [key, item] : value.items()) {
    text += key + " = " + format_toml(item) + "\n";
  }
  return text;
}

json read_toml(const std::string& path) {
  std::ostringstream text;
  text << toml::json_formatter(base::parse_toml(base::read_file(path), path));
  return json::parse(text.str());
}

void check_configuration_types(const ScratchDirectory& folder,
                               const json& valid,
                               const std::vector<std::string>& keys,
                               const std::string& name,
                               const std::function<RunResult()>& run) {
  folder.write_file(name, format_toml_document(valid));
  const RunResult unchanged = run();
  INFO(name << ": " << unchanged.err);
  REQUIRE(unchanged.status == 0);
  for (const std::string& key : keys) {
    for (const json& value : replacement_values()) {
      json changed = valid;
      changed[key] = value;
      folder.write_file(name, format_toml_document(changed));
      const RunResult result = run();
      // A value that contradicts another option is named by its option.
      const bool names_file = result.err.find(name) != std::string::npos;
      require_own_message(result, names_file ? name : "--" + key,
                          key + " = " + format_toml(value),
                          /*contains_paths=*/true);
    }
  }
}

void check_options_types(const cli::Tool& tool, const json& valid) {
  const ScratchDirectory folder;
  const std::string name = "options.toml";
  for (const cli::Command& command : tool.commands) {
    INFO(tool.name << " " << command.name);
    std::vector<std::string> arguments = {"--config", folder / name,
                                          "--dump-config"};
    if (!command.name.empty()) {
      arguments.insert(arguments.begin(), command.name);
    }
    check_configuration_types(folder, valid, configuration_keys(command), name,
                              [&] { return run_in_process(tool, arguments); });
  }
}

}  // namespace gato::test
