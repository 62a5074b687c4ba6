// Checks of the options and operands of a command, before its work begins.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "gato/cli/option_table.h"
#include "gato/cli/option_value.h"
#include "gato/cli/tool.h"

namespace gato::cli {

// Calls the checks of the table. They name the option; if its value comes from
// a configuration file, that is named instead.
void run_checks(const OptionTable& table, const ParsedOptions& given);

// Throws Error(usage) if a required option is missing, if the options of an
// exclusive group are missing or excluded by one another, or if there are too
// few operands.
void check_required(const Command& command, const OptionTable& table,
                    const ParsedOptions& given, size_t operands);

// Throws Error(usage) if stdin is named more than once: the second reader would
// see an empty file.
void check_standard_input(const CommonOptions& common,
                          const std::optional<std::string>& files_from);

// Throws Error(usage) if two operands name the same file or directory, even
// under different names, and the command does not allow that.
void check_distinct_operands(const Command& command,
                             const std::vector<std::string>& operands);

// Throws Error(usage) if the output is also an input, which --force would
// replace: an operand, or a file that an option names.
void check_output_is_not_input(const CommonOptions& common,
                               const OptionTable& table);

}  // namespace gato::cli
