// The TOML side of the option table: flat files whose keys are the long names
// of the options, with '-' or '_' between words.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gato/cli/option_table.h"
#include "gato/cli/option_value.h"

namespace gato::cli {

// Reads a file over what `arguments` holds so far. A value has the type of its
// option: integer, number (an integer is one), string, boolean; a list is an
// array or one item alone, pairs are a table of strings, and an integer beyond
// int64 is a string. Error (io) where the file cannot be read, Error (usage)
// naming file, line and key where it is no TOML, a key is unknown, or a value
// of another type.
void read_config(const std::string& path, const OptionTable& table,
                 ParsedOptions& arguments);

// Returns the present values of all options that have a key; null for one
// without a value.
nlohmann::json configuration_json(const OptionTable& table);

// Returns the part of `configuration` that --resume must find unchanged.
nlohmann::json fixed_configuration(const OptionTable& table,
                                   const nlohmann::json& configuration);

enum class ConfigScope { all, without_per_invocation };

// Returns TOML that read_config() reads back to the same values.
std::string to_toml(const OptionTable& table,
                    ConfigScope scope = ConfigScope::all);

}  // namespace gato::cli
