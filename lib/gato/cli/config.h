// The TOML side of the option table: flat files whose keys are the long names
// of the options, with '-' or '_' between words.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gato/cli/options.h"
#include "gato/cli/value.h"

namespace gato::cli {

// Reads a file over what `arguments` holds so far. Error (io) where it cannot
// be read, Error (usage) naming file, line and key where it is no TOML, a key
// is unknown or its value is a table where none is wanted.
void read_config(const std::string& path, const OptionTable& table,
                 Arguments& arguments);

// The present values of all options that have a key, null where there is none.
nlohmann::json configuration(const OptionTable& table);

// As TOML that read_config() takes back to the same values.
std::string to_toml(const OptionTable& table);

}  // namespace gato::cli
