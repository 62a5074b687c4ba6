#include "gato/ingest/json_fields.h"

#include <utility>

#include "gato/data/lenient_json.h"

namespace gato::ingest {
namespace {

using nlohmann::json;

template <class Json>
Json& value_at(Json& object, const std::string& key, const char* hint = "") {
  const auto found = object.find(key);
  if (found == object.end()) {
    throw base::input_error("has no key '{}'{}", key, hint);
  }
  return *found;
}

// Non-finite numbers are stored as strings.
bool is_string(const json& value) {
  return value.is_string() && data::non_finite_number(value) == 0;
}

base::Error not_a_string_error(const std::string& name, const json& value) {
  return base::input_error("{} is {}, not a string", name,
                           data::summarize_json(value));
}

}  // namespace

json parse_json_object(std::string_view text) {
  json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded()) {
    // The lenient parser copies the text, which is seldom necessary.
    try {
      object = data::parse_lenient_json(text);
    } catch (const base::Error&) {
      throw base::input_error("not a JSON object");
    }
  }
  if (!object.is_object()) throw base::input_error("not a JSON object");
  return object;
}

int64_t integer_at(const json& object, const char* key) {
  const json& value = value_at(object, key);
  if (!value.is_number_integer()) {
    throw base::input_error("key '{}' is {}, not an integer", key,
                            data::summarize_json(value));
  }
  return value.get<int64_t>();
}

bool has_string(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && is_string(*found);
}

const std::string& string_at(const json& object, const char* key) {
  const json& value = value_at(object, key);
  if (!is_string(value)) {
    throw not_a_string_error(fmt::format("key '{}'", key), value);
  }
  return value.get_ref<const std::string&>();
}

std::string take_string_at(json& object, const std::string& key,
                           const char* hint) {
  return take_string(value_at(object, key, hint), fmt::format("key '{}'", key));
}

std::string take_string(json& value, const std::string& name) {
  if (!is_string(value)) throw not_a_string_error(name, value);
  return std::move(value.get_ref<std::string&>());
}

}  // namespace gato::ingest
