#include "gato/cli/option_checks.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/file_patterns.h"

namespace gato::cli {
namespace {

// Returns whether the values of an option may be paths. Choices and names, such
// as those of tasks, are not, even if there is a file of that name.
bool may_name_files(const Option& option) {
  return option.choices.empty() && !option.metavar_name.starts_with("NAME");
}

bool is_given(const Option& option) {
  bool* const* flag = std::get_if<bool*>(&option.target);
  return flag ? **flag : !is_empty(option.target);
}

void check_exclusive_group(const ExclusiveGroup& group,
                           const OptionTable& table) {
  const auto is_option_given = [&table](const std::string& name) {
    return is_given(*table.find(name));
  };
  if (std::ranges::any_of(group.unless, is_option_given)) {
    return;
  }
  std::vector<std::string> given, alternatives;
  for (const std::string& name : group.names) {
    const Option& option = *table.find(name);
    alternatives.push_back(fmt::format("--{} {}", name, option.metavar_name));
    if (is_given(option)) {
      given.push_back("--" + name);
    }
  }
  if (given.empty()) {
    throw base::usage_error("{} is missing", fmt::join(alternatives, " or "));
  }
  if (given.size() > 1 && !group.allows_several) {
    throw base::usage_error("{} are mutually exclusive: use only one of them",
                            fmt::join(given, " and "));
  }
}

}  // namespace

void run_checks(const OptionTable& table, const ParsedOptions& given) {
  for (const auto& check : table.checks()) {
    try {
      check();
    } catch (const base::Error& error) {
      const std::string_view message = error.what();
      for (const auto& [name, value] : given) {
        const std::string option = "option --" + name;
        if (message.starts_with(option + ":")) {
          throw base::Error(
              error.status(),
              fmt::format("{}{}", value.origin, message.substr(option.size())));
        }
      }
      throw;
    }
  }
}

void check_required(const Command& command, const OptionTable& table,
                    const ParsedOptions& given, size_t operands) {
  for (const auto& option : table.options()) {
    if (!option->is_required || option->is_operand) {
      continue;
    }
    if (!given.contains(option->name) || is_empty(option->target)) {
      throw base::usage_error("--{} {} is missing", option->name,
                              option->metavar_name);
    }
  }
  for (const ExclusiveGroup& group : table.exclusive_groups()) {
    check_exclusive_group(group, table);
  }
  const bool are_operands_optional = std::ranges::any_of(
      command.operands_optional_with,
      [&given](const std::string& name) { return given.contains(name); });
  if (operands < command.min_operands && !are_operands_optional) {
    throw base::usage_error("{} is missing: {} given, {} needed",
                            command.operands, operands, command.min_operands);
  }
}

void check_standard_input(const CommonOptions& common,
                          const std::optional<std::string>& files_from) {
  const auto count =
      std::ranges::count(common.inputs, "-") + (files_from == "-" ? 1 : 0);
  if (count > 1) {
    throw base::usage_error(
        "standard input (-) can be read only once, but is named {} times{}",
        count, files_from == "-" ? ", including by --files-from" : "");
  }
}

void check_distinct_operands(const Command& command,
                             const std::vector<std::string>& operands) {
  if (!command.operand_path) {
    return;
  }
  std::map<std::filesystem::path, std::string> operands_by_path;
  for (const std::string& operand : operands) {
    const std::filesystem::path path = command.operand_path(operand);
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored) &&
        !std::filesystem::is_directory(path, ignored)) {
      continue;  // a pipe or a device, or missing
    }
    const auto [first, is_new] =
        operands_by_path.emplace(std::filesystem::canonical(path), operand);
    if (is_new) {
      continue;
    }
    if (first->second == operand) {
      throw base::usage_error("{}: is given twice: name every input only once",
                              operand);
    }
    throw base::usage_error(
        "{}: is the same input as {}: name every input only once", operand,
        first->second);
  }
}

void check_output_is_not_input(const CommonOptions& common,
                               const OptionTable& table) {
  std::vector<std::string> inputs = common.config_files;
  for (const std::string& input : common.inputs) {
    inputs.push_back(base::path_without_weight(input));
  }
  for (const auto& option : table.options()) {
    if (option->name == "output" || option->name == "log-file" ||
        !may_name_files(*option)) {
      continue;
    }
    if (const auto* text = std::get_if<std::string*>(&option->target)) {
      inputs.push_back(**text);
    } else if (const auto* optional_text =
                   std::get_if<std::optional<std::string>*>(&option->target)) {
      inputs.push_back((*optional_text)->value_or(""));
    } else if (const auto* list =
                   std::get_if<std::vector<std::string>*>(&option->target)) {
      inputs.insert(inputs.end(), (*list)->begin(), (*list)->end());
    }
  }
  for (const std::string& input : inputs) {
    base::check_input_is_not_output(input, common.output);
  }
}

}  // namespace gato::cli
