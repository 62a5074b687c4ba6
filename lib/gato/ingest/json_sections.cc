#include "gato/ingest/json_sections.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "gato/base/error.h"
#include "gato/data/loose_json.h"

namespace gato {
namespace {

using nlohmann::json;

// Printing a value takes stack for every level of it.
constexpr int deepest = 64;

const json& value_at(const json& record, const char* key) {
  const auto found = record.find(key);
  if (found == record.end()) throw input_error("has no key '{}'", key);
  return *found;
}

}  // namespace

json read_json_sections(const std::string& path, const char* what,
                        const std::vector<JsonSection>& sections) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw io_error("{}: {}", path, std::strerror(errno));
  const JsonSection* section = nullptr;  // that is being read
  int64_t index = 0;
  const auto take = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > deepest) {
      throw input_error("{}: not {}: nested more than {} levels deep", path,
                        what, deepest);
    }
    if (event == json::parse_event_t::key && depth == 1) {
      const auto found = std::find_if(
          sections.begin(), sections.end(), [&value](const auto& known) {
            return known.key == value.get_ref<std::string&>();
          });
      section = found == sections.end() ? nullptr : &*found;
      index = 0;
    }
    if (section == nullptr || event != json::parse_event_t::object_end ||
        depth != 2) {
      return true;
    }
    section->take(value, index++);
    return false;
  };
  json rest;
  try {
    rest = json::parse(file, take);
  } catch (const json::exception& error) {
    throw input_error("{}: not {}: {}", path, what, error.what());
  }
  if (file.bad()) throw io_error("{}: {}", path, std::strerror(errno));
  if (!rest.is_object()) throw input_error("{}: is no JSON object", path);
  for (const JsonSection& wanted : sections) {
    const auto found = rest.find(wanted.key);
    if (found == rest.end() || !found->is_array()) {
      throw input_error("{}: not {}: it has no list \"{}\"", path, what,
                        wanted.key);
    }
    if (!found->empty()) {
      throw input_error("{}: not {}: \"{}\" holds {}, which is no object", path,
                        what, wanted.key, shown(found->front()));
    }
  }
  return rest;
}

int64_t integer_at(const json& record, const char* key) {
  const json& value = value_at(record, key);
  if (!value.is_number_integer()) {
    throw input_error("key '{}' is {}, not an integer", key, shown(value));
  }
  return value.get<int64_t>();
}

const std::string& text_at(const json& record, const char* key) {
  const json& value = value_at(record, key);
  if (!value.is_string()) {
    throw input_error("key '{}' is {}, not a text", key, shown(value));
  }
  return value.get_ref<const std::string&>();
}

}  // namespace gato
