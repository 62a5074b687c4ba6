// Strict reading of TOML: every key must be known, and every value must have
// the expected type. Messages name the file, the line and the key.
#pragma once

#include <toml++/toml.h>

#include <string>
#include <string_view>
#include <vector>

#include "gato/base/error.h"

namespace gato::base {

// Parses the text of a TOML file. `path` names the file in messages. Throws
// Error(usage) if the text is not valid TOML.
toml::table parse_toml(std::string_view text, const std::string& path);

// One key of a table.
struct TomlEntry {
  std::string key;         // with '-' between words
  std::string location;    // begins messages: "c.toml: line 2: key 'rate'"
  const toml::node* node;  // the value, which is part of the table
};

// Returns the entries of a table in the order of their keys, in which '-' and
// '_' are equivalent. `location` names the table in messages. Throws
// Error(usage) if a key is not one of `known_keys`, suggesting the closest one,
// or if a key is given twice.
std::vector<TomlEntry> read_toml_table(
    const toml::table& table, const std::string& location,
    const std::vector<std::string>& known_keys);

// Returns a value. T is bool, int64_t, double or std::string; an integer is
// also accepted as a double. Throws toml_type_error() if it has another type.
template <class T>
T read_toml_value(const toml::node& node, const std::string& location);

// Returns Error(usage) with the message "LOCATION must be EXPECTED, not VALUE",
// in which VALUE is written as in TOML.
Error toml_type_error(const toml::node& node, const std::string& location,
                      std::string_view expected);

}  // namespace gato::base
