// Configuration files in TOML. They are flat; their keys are the long names of
// the options, with '-' or '_' between words.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gato/cli/option_table.h"
#include "gato/cli/option_value.h"

namespace gato::cli {

// Reads a file and stores its values in `arguments`, replacing earlier ones. A
// value must have the type of its option: integer, number (float or integer),
// string or boolean. A list is an array or a single item, KEY=VALUE pairs are a
// table of strings, and an integer beyond the range of int64 is a string.
// Throws Error(io) if the file cannot be read. Throws Error(usage) that names
// the file, line and key if it is not TOML, a key is unknown or a value has
// another type.
void read_config(const std::string& path, const OptionTable& table,
                 ParsedOptions& arguments);

// Returns the current values of all options that have a TOML key. An option
// without a value is null.
nlohmann::json configuration_json(const OptionTable& table);

// Returns the defaults of the same options.
nlohmann::json default_configuration(const OptionTable& table);

// Returns the part of `configuration` that --resume must find unchanged.
nlohmann::json fixed_configuration(const OptionTable& table,
                                   const nlohmann::json& configuration);

enum class ConfigScope { all, without_per_invocation };

// Returns TOML from which read_config() restores the same values.
std::string to_toml(const OptionTable& table,
                    ConfigScope scope = ConfigScope::all);

}  // namespace gato::cli
