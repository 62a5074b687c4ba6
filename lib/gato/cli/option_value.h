// Conversion between option strings and their targets.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/cli/option_table.h"

namespace gato::cli {

// The value of an option as it was given on the command line or in a
// configuration file.
struct ParsedValue {
  std::vector<std::string> texts;
  std::string origin;        // the start of messages: "option --length"
  bool is_verbatim = false;  // from a TOML array: do not split at commas
};
using ParsedOptions =
    std::map<std::string, ParsedValue>;  // keyed by the option's name

// Parses a value and stores it in the option's target. Throws Error(usage),
// whose message begins with the origin, if it is not valid.
void assign_value(const Option& option, const ParsedValue& given);

// Returns the value as JSON, which is null for an empty optional.
nlohmann::json target_to_json(const OptionTarget& target);
// Returns a value of target_to_json() as text for people: "0.25", "1,3,5".
// Empty if there is no value.
std::string value_to_text(const nlohmann::json& value);
// Returns whether there is no value: an empty string, list, map or optional.
bool is_empty(const OptionTarget& target);

bool is_flag(const OptionTarget& target);
bool is_list(const OptionTarget& target);
bool is_map(const OptionTarget& target);
// Returns the metavariable for the target's type: N, X, TEXT ...
std::string default_metavar(const OptionTarget& target);

}  // namespace gato::cli
