// --help and the man page are generated from the option table. The sentence on
// each option is its help text followed by what the table knows about it:
// choices, range, default and whether it is required.
#include "gato/cli/help.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>
#include <sstream>
#include <string_view>

#include "gato/cli/option_value.h"

namespace gato::cli {
namespace {

constexpr size_t kHelpColumn = 26;
constexpr std::string_view kUsage = "Usage: ";

// Returns a term and its explanation, which starts at kHelpColumn.
std::string format_definition(const std::string& term,
                              const std::string& text) {
  const std::string head = "  " + term;
  const std::string body = wrap_text(text, kHelpColumn);
  if (head.size() + 2 > kHelpColumn) {
    return head + "\n" + body;
  }
  return head + body.substr(head.size());
}

// Returns a bound as text. Integers of any size are written without an
// exponent.
std::string bound_text(double bound) {
  return std::floor(bound) == bound ? fmt::format("{:.0f}", bound)
                                    : fmt::format("{}", bound);
}

// Returns the range of an option, without bounds that say nothing to a user: an
// upper bound that only guards against overflow, or zero as the only bound.
std::string range_text(const Option& option) {
  constexpr double kMinGuard = 1e6;
  const bool has_low = std::isfinite(option.minimum);
  const bool has_high = option.maximum < kMinGuard;
  if (has_low && has_high) {
    return bound_text(option.minimum) + " to " + bound_text(option.maximum);
  }
  if (has_low && option.minimum != 0) {
    return "at least " + bound_text(option.minimum);
  }
  return has_high ? "at most " + bound_text(option.maximum) : "";
}

// Returns the long name with the metavariable: "--model DIR".
std::string long_option_with_metavar(const Option& option) {
  const std::string name = "--" + option.name;
  return option.metavar_name.empty() ? name : name + " " + option.metavar_name;
}

// Returns "--a", "--a or --b" or "--a, --b or --c".
std::string join_alternatives(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) {
      text += i + 1 == names.size() ? " or " : ", ";
    }
    text += "--" + names[i];
  }
  return text;
}

// Returns whether an option is required, and which options are alternatives.
// The synopsis shows with which options none of them is required.
std::string requirement_text(const Option& option, const OptionTable& table) {
  const ExclusiveGroup* exclusive_group = table.find_exclusive_group(option);
  if (!exclusive_group) {
    return option.is_required ? "required" : "";
  }
  std::vector<std::string> others;
  std::ranges::copy_if(exclusive_group->names, std::back_inserter(others),
                       [&](const auto& name) { return name != option.name; });
  return others.empty()
             ? "required"
             : "this or " + join_alternatives(others) + " is required";
}

std::string option_section(const OptionTable& table) {
  std::string text, group;
  for (const auto& option : table.options()) {
    if (option->is_operand) {
      continue;
    }
    if (option->group != group) {
      group = option->group;
      text += "\n" + group + ":\n";
    }
    text +=
        format_definition(option_names(*option), option_help(*option, table));
  }
  return text;
}

std::string exit_status_section(const Command& command) {
  std::string text = "\nExit status:\n";
  for (const auto& [status, meaning] :
       exit_status_descriptions(std::span(&command, 1))) {
    text +=
        format_definition(fmt::format("{}", static_cast<int>(status)), meaning);
  }
  return text;
}

std::string example_section(const std::vector<UsageExample>& examples) {
  std::string text = examples.empty() ? "" : "\nExamples:\n";
  for (const UsageExample& example : examples) {
    text += "  " + example.command + "\n" + wrap_text(example.meaning, 6);
  }
  return text;
}

}  // namespace

std::string full_command_name(const Tool& tool, const Command& command) {
  return command.name.empty() ? tool.name : tool.name + " " + command.name;
}

std::string usage_synopsis(const Command& command, const OptionTable& table) {
  std::string text;
  for (const auto& option : table.options()) {
    if (!option->is_required || option->is_operand) {
      continue;
    }
    text += long_option_with_metavar(*option) + " ";
  }
  for (const ExclusiveGroup& exclusive_group : table.exclusive_groups()) {
    std::vector<std::string> names;
    for (const std::string& name : exclusive_group.names) {
      names.push_back(long_option_with_metavar(*table.find(name)));
    }
    const std::string joined = fmt::format("{}", fmt::join(names, " | "));
    text += names.size() > 1 ? "(" + joined + ") " : joined + " ";
  }
  text += "[OPTION]...";
  if (command.operands.empty()) {
    return text;
  }
  return text + " " +
         (command.min_operands > 0 ? command.operands
                                   : "[" + command.operands + "]");
}

std::string option_names(const Option& option) {
  std::string text =
      option.short_letter ? fmt::format("-{}, ", option.short_letter) : "";
  return text + long_option_with_metavar(option);
}

std::string option_help(const Option& option, const OptionTable& table) {
  std::vector<std::string> facts;
  if (const std::string fact = requirement_text(option, table); !fact.empty()) {
    facts.push_back(fact);
  }
  if (!option.choices.empty()) {
    facts.push_back(fmt::format("{}", fmt::join(option.choices, ", ")));
  }
  if (const std::string range = range_text(option); !range.empty()) {
    facts.push_back(range);
  }
  const bool is_plain_flag = option.default_value == false;
  const std::string shown = option.shown_default.empty()
                                ? value_to_text(option.default_value)
                                : option.shown_default;
  if (!shown.empty() && !is_plain_flag && !option.is_required) {
    facts.push_back("default: " + shown);
  }
  if (facts.empty()) {
    return option.help;
  }
  return fmt::format("{} ({})", option.help, fmt::join(facts, "; "));
}

std::string summary_sentence(const std::string& summary) {
  std::string sentence = summary + ".";
  sentence[0] =
      static_cast<char>(std::toupper(static_cast<unsigned char>(sentence[0])));
  return sentence;
}

std::vector<std::pair<base::ExitStatus, std::string>> exit_status_descriptions(
    std::span<const Command> commands) {
  const bool has_output =
      std::ranges::any_of(commands, [](const Command& command) {
        return command.output != OutputRequirement::none;
      });
  std::string run_failed = "the run failed";
  std::vector<std::string> resumable;  // names of commands
  for (const Command& command : commands) {
    if (command.can_resume) {
      resumable.push_back(command.name);
    }
    if (!command.run_failed_help.empty()) {
      run_failed += fmt::format(", or {}{}",
                                commands.size() > 1 ? command.name + ": " : "",
                                command.run_failed_help);
    }
  }
  std::vector<std::pair<base::ExitStatus, std::string>> statuses = {
      {base::ExitStatus::success, "success"},
      {base::ExitStatus::run_failed, run_failed},
      {base::ExitStatus::usage,
       has_output ? "invalid options or configuration, or an output exists and "
                    "--force was not given"
                  : "invalid options or configuration"},
      {base::ExitStatus::bad_input,
       "invalid input: malformed or truncated data, NaN, an unsupported "
       "format, or inputs that do not belong together"},
      {base::ExitStatus::io, "a file is missing, or cannot be read or written"},
      {base::ExitStatus::interrupted, "interrupted (SIGINT), nothing saved"},
      {base::ExitStatus::terminated,
       "terminated (SIGTERM, SIGHUP or SIGUSR1), nothing saved"}};
  if (!resumable.empty()) {
    const std::string names =
        resumable.size() == commands.size()
            ? ""
            : fmt::format("{}: ", fmt::join(resumable, ", "));
    statuses.insert(statuses.end() - 2,
                    {base::ExitStatus::stopped_early,
                     names + "stopped early with progress saved; run the same "
                             "command again with --resume"});
  }
  return statuses;
}

std::string command_help(const Tool& tool, const Command& command,
                         const OptionTable& table) {
  const std::string name = full_command_name(tool, command);
  std::string text =
      wrap_text(name + " " + usage_synopsis(command, table), kUsage.size());
  for (const std::string& usage : command.other_usages) {
    text += wrap_text(name + " " + usage, kUsage.size());
  }
  text.replace(0, kUsage.size(), kUsage);
  text += '\n';
  text += wrap_text(summary_sentence(command.summary.empty() ? tool.summary
                                                             : command.summary),
                    0);
  const std::string& description =
      command.description.empty() && command.name.empty() ? tool.description
                                                          : command.description;
  if (!description.empty()) {
    text += '\n';
    text += wrap_text(description, 0);
  }
  return text + option_section(table) + example_section(command.examples) +
         exit_status_section(command);
}

std::string tool_help(const Tool& tool) {
  std::string text = "Usage: " + tool.name + " COMMAND [OPTION]...\n\n" +
                     wrap_text(summary_sentence(tool.summary), 0);
  if (!tool.description.empty()) {
    text += '\n';
    text += wrap_text(tool.description, 0);
  }
  text += "\nCommands:\n";
  for (const Command& command : tool.commands) {
    text += format_definition(command.name, command.summary);
  }
  return text + "\n" +
         wrap_text("'" + tool.name +
                       " COMMAND --help' lists the options of a command.",
                   0);
}

std::string wrap_text(const std::string& text, size_t indent) {
  std::istringstream lines(text);
  std::string result;
  const std::string margin(indent, ' ');
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == ' ') {
      result += (line.empty() ? "" : margin) + line + "\n";
      continue;
    }
    std::istringstream words(line);
    size_t column = 0;
    for (std::string word; words >> word;) {
      if (column > 0 && column + 1 + word.size() > 80) {
        result += "\n";
        column = 0;
      }
      result += (column == 0 ? margin : " ") + word;
      column += (column == 0 ? indent : 1) + word.size();
    }
    result += "\n";
  }
  return result;
}

}  // namespace gato::cli
