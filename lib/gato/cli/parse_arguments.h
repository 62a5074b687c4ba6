// The command line, read by the option table.
#pragma once

#include <string>
#include <vector>

#include "gato/cli/option_value.h"

namespace gato::cli {

// Texts by option; operands under "inputs". Does not ask for required options:
// a configuration file may hold them. But required operands are kept from being
// taken as further values of a list option before them. Error (usage).
ParsedOptions parse_arguments(const OptionTable& table, size_t min_operands,
                              const std::vector<std::string>& arguments);

}  // namespace gato::cli
