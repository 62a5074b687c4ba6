// Typed access to the values of JSON objects from files of any origin. Every
// function throws Error(bad_input), whose message names the key and the value,
// if a value is missing or has a different type. The caller adds the file.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/base/error.h"
#include "gato/data/lenient_json.h"

namespace gato::data {

// Returns Error(bad_input) with the message "NAME is VALUE, not EXPECTED".
base::Error json_type_error(const std::string& name,
                            const nlohmann::json& value, const char* expected);

// Returns the value of a key. `hint` follows the key in the message if the key
// is missing. Json is nlohmann::json or const nlohmann::json.
template <class Json>
Json& value_at(Json& object, const std::string& key, const char* hint = "") {
  if (!object.is_object()) {
    throw base::input_error("is {}, not an object", summarize_json(object));
  }
  const auto found = object.find(key);
  if (found == object.end()) {
    throw base::input_error("has no key '{}'{}", key, hint);
  }
  return *found;
}

// Returns whether a value is a string. The strings that represent non-finite
// numbers (lenient_json.h) are not.
bool is_json_string(const nlohmann::json& value);

// Return the integer (which may not be written as 3.0), finite number, string,
// object or list of strings under a key.
int64_t integer_at(const nlohmann::json& object, const char* key);
double number_at(const nlohmann::json& object, const char* key);
const std::string& string_at(const nlohmann::json& object, const char* key);
const nlohmann::json& object_at(const nlohmann::json& object, const char* key);
std::vector<std::string> strings_at(const nlohmann::json& object,
                                    const char* key);

// Returns string_at(), or `default_value` if there is no such key.
std::string string_or(const nlohmann::json& object, const char* key,
                      const std::string& default_value);

// Returns the bool under a key, or `default_value` if there is no such key.
bool bool_or(const nlohmann::json& object, const char* key, bool default_value);

// Returns whether an object has a value under a key that is not null.
bool has_value(const nlohmann::json& object, const char* key);

// Returns the list under a key of an object.
template <class Json>
Json& array_at(Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) {
    throw base::input_error("has no list '{}'", key);
  }
  return *found;
}

}  // namespace gato::data
