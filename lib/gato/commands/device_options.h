// The options of all commands that compute a network.
#pragma once

#include <string>

#include "gato/cli/option_table.h"

namespace gato::commands {

// Adds --device, which model::parse_device() reads.
void add_device_option(cli::OptionTable& table, std::string& device);

// Adds --precision of computations of the loss, which model::parse_precision()
// reads. `note` is the end of the help text.
void add_precision_option(cli::OptionTable& table, std::string& precision,
                          const std::string& note = "");

}  // namespace gato::commands
