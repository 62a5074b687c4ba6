// Large JSON objects whose values are lists of records, such as
// {"images": [{...}, ...], "annotations": [{...}, ...]}, read one record at a
// time.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gato::ingest {

// The list under one key of the outermost object.
struct JsonListHandler {
  std::string key;
  // Called with each object in the list and its index. An exception that it
  // throws ends the reading.
  std::function<void(const nlohmann::json&, int64_t)> on_record;
};

// Reads a file and passes each record to its handler. The JSON may contain NaN,
// infinities and unpaired surrogates, as in data::parse_lenient_json(). Returns
// the rest of the outermost object. Throws Error(io) if the file cannot be
// read, and Error(bad_input), which says that the file is not `what`, if it is
// not a JSON object, or lacks one of the lists or has it twice. The file may be
// compressed.
nlohmann::json read_json_lists(const std::string& path, const char* what,
                               const std::vector<JsonListHandler>& handlers);

}  // namespace gato::ingest
