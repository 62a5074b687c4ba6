#include "gato/cli/help.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "gato/cli/wrap.h"

namespace gato::cli {
namespace {

constexpr size_t help_column = 26;

// A term and, from help_column on, its explanation.
std::string definition(const std::string& term, const std::string& text) {
  const std::string head = "  " + term;
  const std::string body = wrap(text, help_column);
  if (head.size() + 2 > help_column) return head + "\n" + body;
  return head + body.substr(head.size());
}

// Whole numbers of any size without an exponent.
std::string bound_text(double bound) {
  return std::floor(bound) == bound ? fmt::format("{:.0f}", bound)
                                    : fmt::format("{}", bound);
}

std::string range_text(const Option& option) {
  const bool has_low = std::isfinite(option.minimum);
  const bool has_high = std::isfinite(option.maximum);
  if (has_low && has_high) {
    return bound_text(option.minimum) + " to " + bound_text(option.maximum);
  }
  if (has_low) return "at least " + bound_text(option.minimum);
  return has_high ? "at most " + bound_text(option.maximum) : "";
}

// "--model DIR"
std::string long_name(const Option& option) {
  const std::string name = "--" + option.name;
  return option.value_name.empty() ? name : name + " " + option.value_name;
}

// "--a", "--a or --b", "--a, --b or --c".
std::string any_of(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += "--" + names[i];
  }
  return text;
}

// Whether, and in place of which others, an option must be given.
std::string requirement(const Option& option, const OptionTable& table) {
  const Alternatives* one = table.alternatives_of(option);
  if (!one) return option.is_required ? "required" : "";
  std::vector<std::string> others;
  std::ranges::copy_if(one->names, std::back_inserter(others),
                       [&](const auto& name) { return name != option.name; });
  return (others.empty() ? "required"
                         : "this or " + any_of(others) + " is required") +
         (one->unless.empty() ? "" : ", except with " + any_of(one->unless));
}

std::string option_section(const OptionTable& table) {
  std::string text, group;
  for (const auto& option : table.options()) {
    if (option->is_operand) continue;
    if (option->group != group) {
      group = option->group;
      text += "\n" + group + ":\n";
    }
    text += definition(option_names(*option), option_help(*option, table));
  }
  return text;
}

std::string status_section() {
  std::string text = "\nExit status:\n";
  for (const auto& [status, meaning] : exit_statuses()) {
    text += definition(fmt::format("{}", static_cast<int>(status)), meaning);
  }
  return text;
}

std::string example_section(const std::vector<Example>& examples) {
  std::string text = examples.empty() ? "" : "\nExamples:\n";
  for (const Example& example : examples) {
    text += "  " + example.command + "\n" + wrap(example.meaning, 6);
  }
  return text;
}

}  // namespace

std::string full_name(const Tool& tool, const Command& command) {
  return command.name.empty() ? tool.name : tool.name + " " + command.name;
}

std::string usage_operands(const Command& command, const OptionTable& table) {
  std::string text;
  for (const auto& option : table.options()) {
    if (!option->is_required || option->is_operand) continue;
    text += long_name(*option) + " ";
  }
  for (const Alternatives& one : table.alternatives()) {
    std::vector<std::string> names;
    for (const std::string& name : one.names) {
      names.push_back(long_name(*table.find(name)));
    }
    const std::string joined = fmt::format("{}", fmt::join(names, " | "));
    text += names.size() > 1 ? "(" + joined + ") " : joined + " ";
  }
  text += "[OPTION]...";
  if (command.operands.empty()) return text;
  return text + " " +
         (command.minimum_operands > 0 ? command.operands
                                       : "[" + command.operands + "]");
}

std::string option_names(const Option& option) {
  std::string text =
      option.short_name ? fmt::format("-{}, ", option.short_name) : "";
  return text + long_name(option);
}

std::string option_help(const Option& option, const OptionTable& table) {
  std::vector<std::string> facts;
  if (const std::string fact = requirement(option, table); !fact.empty()) {
    facts.push_back(fact);
  }
  if (!option.choices.empty()) {
    facts.push_back(fmt::format("{}", fmt::join(option.choices, ", ")));
  }
  if (const std::string range = range_text(option); !range.empty()) {
    facts.push_back(range);
  }
  const bool is_plain_flag = option.default_text == "false";
  if (!option.default_text.empty() && !is_plain_flag && !option.is_required) {
    facts.push_back("default: " + option.default_text);
  }
  if (facts.empty()) return option.help;
  return fmt::format("{} ({})", option.help, fmt::join(facts, "; "));
}

const std::vector<std::pair<ExitStatus, std::string>>& exit_statuses() {
  static const std::vector<std::pair<ExitStatus, std::string>> statuses = {
      {ExitStatus::done, "done"},
      {ExitStatus::run_failed, "the run failed"},
      {ExitStatus::usage,
       "wrong options or configuration, or an output exists and --force was "
       "not given"},
      {ExitStatus::bad_input,
       "bad input data: malformed, truncated, not a number, an unsupported "
       "format, inputs that do not fit together"},
      {ExitStatus::io,
       "a file is missing, cannot be read or cannot be written"},
      {ExitStatus::stopped_early,
       "stopped early with a saved checkpoint: submit the same command again"},
      {ExitStatus::interrupted, "interrupted (SIGINT) with nothing to save"},
      {ExitStatus::terminated,
       "terminated (SIGTERM, SIGHUP) with nothing to save"}};
  return statuses;
}

std::string command_help(const Tool& tool, const Command& command,
                         const OptionTable& table) {
  std::string text = wrap("Usage: " + full_name(tool, command) + " " +
                              usage_operands(command, table),
                          0);
  text += '\n';
  text += wrap(command.summary.empty() ? tool.summary : command.summary, 0);
  const std::string& description =
      command.description.empty() && command.name.empty() ? tool.description
                                                          : command.description;
  if (!description.empty()) {
    text += '\n';
    text += wrap(description, 0);
  }
  return text + option_section(table) + example_section(command.examples) +
         status_section();
}

std::string tool_help(const Tool& tool) {
  std::string text = "Usage: " + tool.name + " COMMAND [OPTION]...\n\n" +
                     wrap(tool.summary, 0);
  if (!tool.description.empty()) {
    text += '\n';
    text += wrap(tool.description, 0);
  }
  text += "\nCommands:\n";
  for (const Command& command : tool.commands) {
    text += definition(command.name, command.summary);
  }
  return text + "\n" +
         wrap("'" + tool.name +
                  " COMMAND --help' lists the options of a command.",
              0);
}

}  // namespace gato::cli
