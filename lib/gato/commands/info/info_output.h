// Formats what gato-info prints about a file.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace gato::commands {

// Returns JSON on one line. Invalid UTF-8 is replaced, because a text may be
// truncated within a character.
std::string to_json_line(const nlohmann::ordered_json& value);

// Returns a value as text without line breaks.
std::string scalar_to_text(const nlohmann::ordered_json& value);

// Prints aligned keys, which begin with `prefix`, and values to stdout. A list
// of objects is printed as a table.
void print_facts(const nlohmann::ordered_json& facts,
                 const std::string& prefix = "");

}  // namespace gato::commands
