// Typed access to JSON from foreign files: the functions of data/json_fields.h,
// and others that only readers of records need. Every function throws
// Error(bad_input), which names the key, if a value is missing or of a
// different type.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "gato/data/json_fields.h"

namespace gato::ingest {

// Parses a JSON object, which may contain NaN, infinities and unpaired
// surrogates as in data::parse_lenient_json(); anything else is an error. A
// non-finite number is neither an integer nor a string for the functions below.
nlohmann::json parse_json_object(std::string_view text);

using data::array_at;
using data::integer_at;
using data::string_at;

// Returns whether an object has a string under a key.
bool has_string(const nlohmann::json& object, const char* key);

// Moves the string under a key out of an object. `hint` follows the key in the
// message if the key is missing.
std::string take_string_at(nlohmann::json& object, const std::string& key,
                           const char* hint = "");

// Moves a string out of its value, which messages call `name`.
std::string take_string(nlohmann::json& value, const std::string& name);

}  // namespace gato::ingest
