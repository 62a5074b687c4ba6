// JSON as Python's json module writes it: NaN, Infinity and -Infinity may stand
// where a number does.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace gato {

// Error (bad_input) where the text is malformed, or nested more deeply than 256
// levels: values are copied and printed level by level on the stack. The three
// words come back as strings that start with a NUL character; loose_json_number
// reads them.
nlohmann::json parse_loose_json(std::string_view text);

// The number that such a string stands for; 0 for any other value.
double loose_json_number(const nlohmann::json& value);

}  // namespace gato
