#include "gato/cli/bash_completion.h"

#include <algorithm>

#include "gato/cli/common_options.h"
#include "gato/cli/help.h"

namespace gato::cli {
namespace {

std::string function_name(const Tool& tool) {
  std::string name = "_" + tool.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// Returns the known values of an option, or nothing if any text is accepted.
std::vector<std::string> completion_values(const Tool& tool,
                                           const Option& option) {
  const auto listed = tool.completions.find(option.name);
  return listed == tool.completions.end() ? option.choices : listed->second();
}

// Returns the branch of the script's case statement for a command: its options,
// and the known values of each.
std::string command_case(const Tool& tool, const Command& command) {
  CommonOptions common;
  InvocationOptions invocation_options;
  OptionTable table;
  build_option_table(command, common, invocation_options, table);
  std::string names, values;
  for (const auto& option : table.options()) {
    if (option->is_operand) {
      continue;
    }
    names += (names.empty() ? "--" : " --") + option->name;
    if (const auto listing = tool.completion_commands.find(option->name);
        listing != tool.completion_commands.end()) {
      values += fmt::format("        --{}) words=$({} 2>/dev/null) ;;\n",
                            option->name, listing->second);
      continue;
    }
    const std::vector<std::string> known = completion_values(tool, *option);
    if (known.empty()) {
      continue;
    }
    values += fmt::format("        --{}) words='{}' ;;\n", option->name,
                          fmt::join(known, " "));
  }
  return fmt::format(
      "    {})\n      options='{}'\n      case $previous in\n{}      esac\n"
      "      ;;\n",
      command.name.empty() ? "*" : command.name, names, values);
}

}  // namespace

std::string bash_completion(const Tool& tool) {
  std::string commands, cases;
  for (const Command& command : tool.commands) {
    commands += (commands.empty() ? "" : " ") + command.name;
    cases += command_case(tool, command);
  }
  // If the program has subcommands, the first word is one of them.
  const std::string first =
      commands.empty()
          ? ""
          : fmt::format(
                "  if ((COMP_CWORD == 1)); then\n"
                "    mapfile -t COMPREPLY < <(compgen -W '{} --help --version' "
                "-- \"$current\")\n    return\n  fi\n",
                commands);
  return fmt::format(
      "# bash completion for {0}\n"
      "{1}() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}}\n"
      "  local previous=${{COMP_WORDS[COMP_CWORD-1]}}\n"
      "  local options='' words=''\n"
      "{2}"
      "  case ${{COMP_WORDS[1]}} in\n{3}  esac\n"
      "  if [[ -n $words ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "  elif [[ $current == -* ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
      "  fi\n"
      "}}\n"
      "complete -o default -F {1} {0}\n",
      tool.name, function_name(tool), first, cases);
}

}  // namespace gato::cli
