// Between texts, as options are given, and the targets they are bound to.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/cli/options.h"

namespace gato::cli {

// An option as it was given, on the command line or in a configuration file.
struct Given {
  std::vector<std::string> texts;
  std::string origin;        // begins messages: "option --length"
  bool is_verbatim = false;  // a TOML array: commas are part of the texts
};
using Arguments = std::map<std::string, Given>;  // by the option's name

// Parses and stores. Error (usage) beginning with the origin.
void assign(const Option& option, const Given& given);

// The value as JSON; null for an optional that is empty.
nlohmann::json value_of(const Target& target);
// For people: "0.25", "1,3,5"; empty where there is no value.
std::string value_text(const Target& target);
// No value: an empty text, list, map or optional.
bool is_empty(const Target& target);

bool is_flag(const Target& target);
bool is_list(const Target& target);
// N, X, TEXT ... by type.
std::string default_value_name(const Target& target);

}  // namespace gato::cli
