// The text of --help, which the man page shares.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gato/cli/tool.h"

namespace gato::cli {

// Returns the name of a command with its program: "gato-tokenize text".
std::string full_command_name(const Tool& tool, const Command& command);
// Returns "[OPTION]... INPUT...", with the required options in front.
std::string usage_synopsis(const Command& command, const OptionTable& table);
// Returns an option's names and metavariable: "-o, --output PATH".
std::string option_names(const Option& option);
// Returns the help sentence of an option with its choices, its range, its
// default and whether it is required.
std::string option_help(const Option& option, const OptionTable& table);
// Returns a summary as a sentence: with a capital letter and a period.
std::string summary_sentence(const std::string& summary);
// Returns the exit statuses that these commands of a tool can return, with
// their meanings, in ascending order.
std::vector<std::pair<base::ExitStatus, std::string>> exit_status_descriptions(
    std::span<const Command> commands);

// Return the --help of one command, and of a program with several commands.
std::string command_help(const Tool& tool, const Command& command,
                         const OptionTable& table);
std::string tool_help(const Tool& tool);

// Breaks lines between words so that they have at most 80 bytes including the
// indent. Leaves empty lines and lines that begin with a space unchanged.
std::string wrap_text(const std::string& text, size_t indent);

}  // namespace gato::cli
