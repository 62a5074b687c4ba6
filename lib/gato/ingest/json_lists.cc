// nlohmann's parser calls back at the end of every object. Objects at depth 2
// are the records of a list: they go to the handler of the key above them and
// are then dropped by returning false, so that only one is in memory at a time.
#include "gato/ingest/json_lists.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/pointer_file.h"
#include "gato/data/lenient_json.h"

namespace gato::ingest {
namespace {

using nlohmann::json;

// Printing a value in a message recurses once per level.
constexpr int kMaxDepth = 64;

}  // namespace

json read_json_lists(const std::string& path, const char* what,
                     const std::vector<JsonListHandler>& handlers) {
  base::check_not_pointer(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) throw base::io_error("{}: {}", path, std::strerror(errno));
  const JsonListHandler* current = nullptr;  // of the list being read
  int64_t index = 0;
  const auto on_event = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > kMaxDepth) {
      throw base::input_error("{}: not {}: nested more than {} levels deep",
                              path, what, kMaxDepth);
    }
    if (event == json::parse_event_t::key && depth == 1) {
      const auto found = std::find_if(
          handlers.begin(), handlers.end(), [&value](const auto& known) {
            return known.key == value.get_ref<std::string&>();
          });
      current = found == handlers.end() ? nullptr : &*found;
      index = 0;
    }
    if (current == nullptr || event != json::parse_event_t::object_end ||
        depth != 2) {
      return true;
    }
    current->on_record(value, index++);
    return false;
  };
  json rest;
  try {
    rest = json::parse(file, on_event);
  } catch (const json::exception& error) {
    throw base::input_error("{}: not {}: {}", path, what, error.what());
  }
  if (file.bad()) throw base::io_error("{}: {}", path, std::strerror(errno));
  if (!rest.is_object()) throw base::input_error("{}: not a JSON object", path);
  for (const JsonListHandler& wanted : handlers) {
    const auto found = rest.find(wanted.key);
    if (found == rest.end() || !found->is_array()) {
      throw base::input_error("{}: not {}: it has no list \"{}\"", path, what,
                              wanted.key);
    }
    if (!found->empty()) {
      throw base::input_error(
          "{}: not {}: \"{}\" contains {}, which is not an object", path, what,
          wanted.key, data::summarize_json(found->front()));
    }
  }
  return rest;
}

}  // namespace gato::ingest
