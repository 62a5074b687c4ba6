#include "gato/data/json_fields.h"

#include <cmath>

namespace gato::data {
namespace {

using nlohmann::json;

std::string quote_key(const char* key) { return fmt::format("key '{}'", key); }

}  // namespace

base::Error json_type_error(const std::string& name, const json& value,
                            const char* expected) {
  return base::input_error("{} is {}, not {}", name, summarize_json(value),
                           expected);
}

bool is_json_string(const json& value) {
  return value.is_string() && non_finite_number(value) == 0;
}

int64_t integer_at(const json& object, const char* key) {
  const json& value = value_at(object, key);
  if (!value.is_number_integer()) {
    throw json_type_error(quote_key(key), value, "an integer");
  }
  if (value.is_number_unsigned() &&
      value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
    throw json_type_error(quote_key(key), value, "a signed 64-bit integer");
  }
  return value.get<int64_t>();
}

double number_at(const json& object, const char* key) {
  const json& value = value_at(object, key);
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    throw json_type_error(quote_key(key), value, "a finite number");
  }
  return value.get<double>();
}

const std::string& string_at(const json& object, const char* key) {
  const json& value = value_at(object, key);
  if (!is_json_string(value)) {
    throw json_type_error(quote_key(key), value, "a string");
  }
  return value.get_ref<const std::string&>();
}

const json& object_at(const json& object, const char* key) {
  const json& value = value_at(object, key);
  if (!value.is_object()) {
    throw json_type_error(quote_key(key), value, "an object");
  }
  return value;
}

std::vector<std::string> strings_at(const json& object, const char* key) {
  const json& list = value_at(object, key);
  if (!list.is_array()) {
    throw json_type_error(quote_key(key), list, "a list of strings");
  }
  std::vector<std::string> strings;
  for (const json& value : list) {
    if (!is_json_string(value)) {
      throw json_type_error(
          fmt::format("key '{}': item {}", key, strings.size()), value,
          "a string");
    }
    strings.push_back(value.get<std::string>());
  }
  return strings;
}

std::string string_or(const json& object, const char* key,
                      const std::string& default_value) {
  return object.contains(key) ? string_at(object, key) : default_value;
}

bool bool_or(const json& object, const char* key, bool default_value) {
  const auto found = object.find(key);
  if (found == object.end()) {
    return default_value;
  }
  if (!found->is_boolean()) {
    throw json_type_error(quote_key(key), *found, "true or false");
  }
  return found->get<bool>();
}

bool has_value(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && !found->is_null();
}

}  // namespace gato::data
