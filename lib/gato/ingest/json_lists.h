// Large JSON objects whose values are lists of records, {"images": [{...},
// ...],
// ...}, read a record at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace gato::ingest {

// What stands in a section. An Error that it throws ends the reading.
struct JsonListHandler {
  std::string key;
  // Called with each object of the list, and its index.
  std::function<void(const nlohmann::json&, int64_t)> on_record;
};

// Drops records once they are taken. Returns what else the outermost object
// holds. Error (io) where the file cannot be read, (bad_input) where it is no
// JSON object or a section is missing: then it is not `what`.
nlohmann::json read_json_lists(const std::string& path, const char* what,
                               const std::vector<JsonListHandler>& handlers);

// The value under a key of a record: an integer, a text. Error (bad_input)
// where there is none.
int64_t integer_at(const nlohmann::json& record, const char* key);
const std::string& string_at(const nlohmann::json& record, const char* key);

}  // namespace gato::ingest
