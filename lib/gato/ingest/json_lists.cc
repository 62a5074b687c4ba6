// nlohmann's parser calls back at the end of every object. Objects at depth 2
// are the records of a list: they go to the handler of the key above them and
// are then dropped by returning false, so that only one is in memory at a time.
#include "gato/ingest/json_lists.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>
#include <streambuf>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/pointer_file.h"
#include "gato/data/lenient_json.h"
#include "gato/data/standard_json_filter.h"

namespace gato::ingest {
namespace {

using nlohmann::json;

// The characters of a file, rewritten to standard JSON.
class StandardJsonBuffer : public std::streambuf {
 public:
  explicit StandardJsonBuffer(std::istream& file) : file_(file) {}

 private:
  int_type underflow() override {
    rewritten_.clear();
    while (rewritten_.empty() && !is_at_end_) {
      const size_t remaining = block_.size();
      block_.resize(remaining + kBlockBytes);
      file_.read(&block_[remaining], kBlockBytes);
      block_.resize(remaining + static_cast<size_t>(file_.gcount()));
      is_at_end_ = !file_;
      block_.erase(0, filter_.rewrite(block_, is_at_end_, rewritten_));
    }
    setg(rewritten_.data(), rewritten_.data(),
         rewritten_.data() + rewritten_.size());
    return rewritten_.empty() ? traits_type::eof()
                              : traits_type::to_int_type(rewritten_.front());
  }

  static constexpr std::streamsize kBlockBytes = 64 << 10;

  std::istream& file_;
  data::StandardJsonFilter filter_;
  std::string block_;      // what was read but not rewritten
  std::string rewritten_;  // what nlohmann's parser reads
  bool is_at_end_ = false;
};

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
    StandardJsonBuffer buffer(file);
    std::istream standard_json(&buffer);
    rest = json::parse(standard_json, on_event);
  } catch (const json::exception& error) {
    throw base::input_error("{}: not {}: {}", path, what,
                            data::describe_json_error(error));
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
