// Parsing of the command line according to the option table.
#pragma once

#include <string>
#include <vector>

#include "gato/cli/option_value.h"

namespace gato::cli {

// Returns the strings of each option; the operands are under "inputs". Does not
// check for required options, which a configuration file may contain. A list
// option never takes the last `min_operands` words, which are operands. Throws
// Error(usage) if the command line is not valid, for example because an option
// of one value is given twice.
ParsedOptions parse_arguments(const OptionTable& table, size_t min_operands,
                              const std::vector<std::string>& arguments);

}  // namespace gato::cli
