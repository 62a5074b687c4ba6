// JSON as Python's json module writes it: NaN, Infinity and -Infinity may stand
// where a number does.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace gato::data {

// Error (bad_input) where the text is malformed, or nested more deeply than 256
// levels: values are copied and printed level by level on the stack. What is
// not standard is replaced as by StandardJsonFilter; non_finite_number reads
// the three words.
nlohmann::json parse_lenient_json(std::string_view text);

// The number that such a string stands for; 0 for any other value.
double non_finite_number(const nlohmann::json& value);

// A value within a message: the beginning of a text, a number, true, false or
// null; of lists and objects, which may be deep and long, that they are.
std::string summarize_json(const nlohmann::json& value);

// A whole number, which may be written 3.0. Error (bad_input) for what is none
// or is beyond 64 bits: json::get() would convert it to any other.
int64_t json_integer(const nlohmann::json& value);
std::vector<int64_t> json_integers(const nlohmann::json& list);
// json_integer() of `key` of an object; 0 where it has no such key.
int64_t json_integer_or_zero(const nlohmann::json& object, const char* key);

}  // namespace gato::data
