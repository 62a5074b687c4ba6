// JSON as Python's json module writes it, with NaN, Infinity and -Infinity as
// additional number literals.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace gato::data {

// Parses a text. Non-finite literals become strings that start with a NUL
// character, which non_finite_number() converts; whatever else is not standard
// is replaced as by StandardJsonFilter. Throws Error(bad_input) if the text is
// malformed or nested more than 256 levels deep, because values are copied and
// printed recursively.
nlohmann::json parse_lenient_json(std::string_view text);

// Describes an exception of the JSON library in the terms of this project
// rather than with the library's own text: "malformed JSON at line 1, column
// 5", "a value is a string instead of a number", "the key 'step' is missing".
// Code that reads single values names the key instead (json_fields.h); this is
// for all other errors.
std::string describe_json_error(const nlohmann::json::exception& error);

// Returns the number that such a string represents, and 0 for any other value.
double non_finite_number(const nlohmann::json& value);

// Formats a value for a message: a scalar as JSON, truncated to 60 bytes; a
// list or an object, which may be deep and long, as "a list of N" or "an
// object".
std::string summarize_json(const nlohmann::json& value);

// Returns an integer, which may be written as 3.0. Throws Error(bad_input) if
// the value is not an integer or does not fit in an int64; json::get() would
// silently convert it.
int64_t json_integer(const nlohmann::json& value);
std::vector<int64_t> json_integers(const nlohmann::json& list);
// Returns json_integer() of the value of `key`, and 0 if the object has no such
// key.
int64_t json_integer_or_zero(const nlohmann::json& object, const char* key);

}  // namespace gato::data
