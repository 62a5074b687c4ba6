// nlohmann's parser calls back at the end of every object. Objects at depth 2
// are the records of a list: they go to the handler of the key above them and
// are then dropped by returning false, so that only one is in memory at a time.
#include "gato/ingest/json_lists.h"

#include <algorithm>
#include <istream>
#include <set>
#include <streambuf>
#include <string_view>
#include <utility>
#include <vector>

#include "gato/base/error.h"
#include "gato/data/lenient_json.h"
#include "gato/data/standard_json_filter.h"
#include "gato/ingest/byte_stream.h"
#include "gato/ingest/other_formats.h"

namespace gato::ingest {
namespace {

using nlohmann::json;

// The characters of a file, rewritten to standard JSON. Exceptions pass through
// nlohmann's parser.
class StandardJsonBuffer : public std::streambuf {
 public:
  StandardJsonBuffer(ByteStream& file, const char* what)
      : file_(file), what_(what) {}

 private:
  int_type underflow() override {
    rewritten_.clear();
    while (rewritten_.empty() && !is_at_end_) {
      const std::string_view bytes = file_.read();
      if (!std::exchange(has_begun_, true)) {
        check_beginning(bytes);
      }
      is_at_end_ = bytes.empty();
      block_ += bytes;
      block_.erase(0, filter_.rewrite(block_, is_at_end_, rewritten_));
    }
    setg(rewritten_.data(), rewritten_.data(),
         rewritten_.data() + rewritten_.size());
    return rewritten_.empty() ? traits_type::eof()
                              : traits_type::to_int_type(rewritten_.front());
  }

  void check_beginning(std::string_view bytes) const {
    if (bytes.empty()) {
      throw base::input_error("{}: not {}: it is empty", file_.name(), what_);
    }
    reject_other_formats(file_.name(), bytes);
  }

  ByteStream& file_;
  const char* what_;
  data::StandardJsonFilter filter_;
  std::string block_;      // what was read but not rewritten
  std::string rewritten_;  // what nlohmann's parser reads
  bool has_begun_ = false, is_at_end_ = false;
};

// Printing a value in a message recurses once per level.
constexpr int kMaxDepth = 64;

}  // namespace

json read_json_lists(const std::string& path, const char* what,
                     const std::vector<JsonListHandler>& handlers) {
  // "-" is not the standard input here, because it would have to be read twice.
  ByteStream file(path == "-" ? "./-" : path);
  std::set<std::string> seen;
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
      if (current != nullptr && !seen.insert(current->key).second) {
        throw base::input_error("{}: not {}: it has the key \"{}\" twice", path,
                                what, current->key);
      }
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
    StandardJsonBuffer buffer(file, what);
    std::istream standard_json(&buffer);
    rest = json::parse(standard_json, on_event);
  } catch (const json::exception& error) {
    throw base::input_error("{}: not {}: {}", path, what,
                            data::describe_json_error(error));
  }
  if (!rest.is_object()) {
    throw base::input_error("{}: not a JSON object", path);
  }
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
