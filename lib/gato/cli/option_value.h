// Between texts, as options are given, and the targets they are bound to.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/cli/option_table.h"

namespace gato::cli {

// An option as it was given, on the command line or in a configuration file.
struct ParsedValue {
  std::vector<std::string> texts;
  std::string origin;        // begins messages: "option --length"
  bool is_verbatim = false;  // a TOML array: commas are part of the texts
};
using ParsedOptions =
    std::map<std::string, ParsedValue>;  // by the option's name

// Parses and stores. Error (usage) beginning with the origin.
void assign_value(const Option& option, const ParsedValue& given);

// The value as JSON; null for an optional that is empty.
nlohmann::json target_to_json(const OptionTarget& target);
// For people: "0.25", "1,3,5"; empty where there is no value.
std::string target_to_text(const OptionTarget& target);
// No value: an empty text, list, map or optional.
bool is_empty(const OptionTarget& target);

bool is_flag(const OptionTarget& target);
bool is_list(const OptionTarget& target);
// N, X, TEXT ... by type.
std::string default_metavar(const OptionTarget& target);

}  // namespace gato::cli
