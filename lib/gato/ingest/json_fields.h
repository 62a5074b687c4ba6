// Typed access to JSON from foreign files. Every function throws
// Error(bad_input), which names the key, if a value is missing or of a
// different type.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "gato/base/error.h"

namespace gato::ingest {

// Parses a JSON object, which may contain NaN, infinities and unpaired
// surrogates as in data::parse_lenient_json(); anything else is an error. A
// non-finite number is neither an integer nor a string for the functions below.
nlohmann::json parse_json_object(std::string_view text);

// Returns the integer or string under a key of an object.
int64_t integer_at(const nlohmann::json& object, const char* key);
const std::string& string_at(const nlohmann::json& object, const char* key);

// Returns whether an object has a string under a key.
bool has_string(const nlohmann::json& object, const char* key);

// Moves the string under a key out of an object. `hint` follows the key in the
// message if the key is missing.
std::string take_string_at(nlohmann::json& object, const std::string& key,
                           const char* hint = "");

// Moves a string out of its value, which messages call `name`.
std::string take_string(nlohmann::json& value, const std::string& name);

// Returns the list under a key of an object.
template <class Json>
Json& array_at(Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) {
    throw base::input_error("has no list '{}'", key);
  }
  return *found;
}

}  // namespace gato::ingest
