// --help, --version and what the man page says in the same words.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gato/cli/tool.h"

namespace gato::cli {

// "gato-tokenize text"
std::string full_command_name(const Tool& tool, const Command& command);
// "[OPTION]... INPUT...", with what is required in front.
std::string usage_synopsis(const Command& command, const OptionTable& table);
// "-o, --output PATH"
std::string option_names(const Option& option);
// The sentence with choices, range, default and whether it is required.
std::string option_help(const Option& option, const OptionTable& table);
// Status and meaning, in order.
const std::vector<std::pair<base::ExitStatus, std::string>>&
exit_status_descriptions();

// Of one command, and of a program with several.
std::string command_help(const Tool& tool, const Command& command,
                         const OptionTable& table);
std::string tool_help(const Tool& tool);

// Breaks the lines of a text between words, at most 80 bytes with the indent.
// Empty lines stay, and so do lines that begin with a space.
std::string wrap_text(const std::string& text, size_t indent);

}  // namespace gato::cli
