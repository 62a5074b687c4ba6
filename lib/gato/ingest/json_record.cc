#include "gato/ingest/json_record.h"

#include <utility>

namespace gato::ingest {

using nlohmann::json;

json parse_json_object(std::string_view text) {
  json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded()) {
    // The lenient parser copies the text, which is seldom necessary.
    try {
      object = data::parse_lenient_json(text);
    } catch (const base::Error& error) {
      throw base::input_error("not a JSON object: {}", error.what());
    }
  }
  if (!object.is_object()) {
    throw base::input_error("not a JSON object");
  }
  return object;
}

bool has_string(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && data::is_json_string(*found);
}

std::string take_string_at(json& object, const std::string& key,
                           const char* hint) {
  return take_string(data::value_at(object, key, hint),
                     fmt::format("key '{}'", key));
}

std::string take_string(json& value, const std::string& name) {
  if (!data::is_json_string(value)) {
    throw data::json_type_error(name, value, "a string");
  }
  return std::move(value.get_ref<std::string&>());
}

}  // namespace gato::ingest
