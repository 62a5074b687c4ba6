// The format (https://github.com/huggingface/safetensors): the length of the
// header as a little-endian uint64, the header as JSON, and the tensors. The
// header is read completely and validated before any tensor is, because the
// files come from untrusted sources.
#include "gato/data/safetensors_header.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/pointer_file.h"
#include "gato/data/lenient_json.h"

static_assert(std::endian::native == std::endian::little,
              "the length of the header is read without conversion");

namespace gato::data {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr size_t kMaxRank = 16;
constexpr int kMaxHeaderDepth = 16;
// The limit of the reference implementation.
constexpr uint64_t kMaxHeaderBytes = 100'000'000;

// Parses the header. Rejects duplicate names, of which the JSON parser would
// silently keep the last.
json parse_header(const fs::path& path, const std::string& text) {
  std::set<std::string> names;
  const auto reject_duplicates = [&](int depth, json::parse_event_t event,
                                     json& parsed) {
    // json::dump() is recursive and would overflow the stack.
    if (depth > kMaxHeaderDepth) {
      throw base::input_error(
          "{}: the header is nested more than {} levels deep", path.string(),
          kMaxHeaderDepth);
    }
    if (event == json::parse_event_t::key && depth == 1 &&
        !names.insert(parsed.get<std::string>()).second) {
      throw base::input_error("{}: the header contains the name {} twice",
                              path.string(), parsed.dump());
    }
    return true;
  };
  try {
    json header = json::parse(text, reject_duplicates);
    if (header.is_object()) {
      return header;
    }
  } catch (const json::exception& error) {
    throw base::input_error("{}: the header is not valid JSON: {}",
                            path.string(), describe_json_error(error));
  }
  throw base::input_error("{}: the header is not a JSON object", path.string());
}

// Extracts the tensors and the metadata from the parsed header.
class HeaderParser {
 public:
  HeaderParser(const fs::path& path, const json& header)
      : path_(path), header_(header) {}

  std::vector<SafetensorsTensorInfo> tensors() const {
    std::vector<SafetensorsTensorInfo> result;
    for (const auto& [name, value] : header_.items()) {
      if (name != "__metadata__") {
        result.push_back(parse_tensor(name, value));
      }
    }
    std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    return result;
  }

  std::map<std::string, std::string> metadata() const {
    const auto found = header_.find("__metadata__");
    if (found == header_.end()) {
      return {};
    }
    std::map<std::string, std::string> result;
    if (!found->is_object()) {
      throw entry_error("__metadata__", "is not an object");
    }
    for (const auto& [key, value] : found->items()) {
      if (!value.is_string()) {
        throw entry_error("__metadata__",
                          "contains a value that is not a string");
      }
      result[key] = value.get<std::string>();
    }
    return result;
  }

 private:
  base::Error entry_error(const std::string& name,
                          const std::string& what) const {
    return base::input_error("{}: the header entry {} {}", path_.string(), name,
                             what);
  }

  const json& member(const std::string& name, const json& value,
                     const char* key) const {
    if (!value.is_object()) {
      throw entry_error(name, "is not an object");
    }
    const auto found = value.find(key);
    if (found == value.end()) {
      throw entry_error(name, fmt::format("has no {}", key));
    }
    return *found;
  }

  std::vector<uint64_t> unsigned_list(const std::string& name,
                                      const json& value,
                                      const char* key) const {
    const json& list = member(name, value, key);
    std::vector<uint64_t> result;
    if (!list.is_array() || list.size() > kMaxRank) {
      throw entry_error(name,
                        fmt::format("has a {} that is not a list of at most {} "
                                    "numbers",
                                    key, kMaxRank));
    }
    for (const json& number : list) {
      if (!number.is_number_unsigned() ||
          number.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
        throw entry_error(name, fmt::format("has the invalid value {} in {}",
                                            number.dump(), key));
      }
      result.push_back(number.get<uint64_t>());
    }
    return result;
  }

  SafetensorsTensorInfo parse_tensor(const std::string& name,
                                     const json& value) const {
    SafetensorsTensorInfo result;
    result.name = name;
    const json& dtype = member(name, value, "dtype");
    const auto type = std::find_if(
        kSafetensorsDTypes.begin(), kSafetensorsDTypes.end(),
        [&](const SafetensorsDType& known) { return dtype == known.name; });
    if (type == kSafetensorsDTypes.end()) {
      throw entry_error(name,
                        fmt::format("has the dtype {}, but only F32, F16, "
                                    "BF16, I64, I32 and U8 are read: convert "
                                    "weights to F32 (tensor.float() in "
                                    "PyTorch) and write the file again",
                                    dtype.dump()));
    }
    result.dtype = type->name;
    uint64_t bytes = type->item_size;
    for (const uint64_t extent : unsigned_list(name, value, "shape")) {
      result.shape.push_back(static_cast<int64_t>(extent));
      if (__builtin_mul_overflow(bytes, extent, &bytes)) {
        throw entry_error(name, "has a shape whose size overflows");
      }
    }
    const auto offsets = unsigned_list(name, value, "data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1]) {
      throw entry_error(name, "has data_offsets that are not [begin, end]");
    }
    result.begin = offsets[0];
    result.end = offsets[1];
    if (result.end - result.begin != bytes) {
      throw entry_error(name,
                        fmt::format("has {} bytes, but its shape requires {}",
                                    result.end - result.begin, bytes));
    }
    return result;
  }

  const fs::path& path_;
  const json& header_;
};

// Throws unless the tensors follow one another without gaps and end at the end
// of the file. `entries` are sorted by their offsets.
void require_contiguous(const fs::path& path,
                        const std::vector<SafetensorsTensorInfo>& entries,
                        uint64_t data_size) {
  uint64_t next = 0;
  for (const SafetensorsTensorInfo& entry : entries) {
    if (entry.begin != next) {
      throw base::input_error(
          "{}: the tensor {} begins at byte {} instead of {}: {}",
          path.string(), entry.name, entry.begin, next,
          entry.begin < next ? "tensors overlap" : "there is a gap");
    }
    next = entry.end;
  }
  if (next != data_size) {
    throw base::input_error(
        "{}: the header describes {} bytes of tensors, but the file contains "
        "{}: it is {}",
        path.string(), next, data_size,
        next > data_size ? "truncated" : "longer than expected");
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_header(const fs::path& path,
                                           const std::string& text,
                                           uint64_t data_size) {
  const json header = parse_header(path, text);
  const HeaderParser parser(path, header);
  SafetensorsHeader result{parser.tensors(), parser.metadata()};
  require_contiguous(path, result.tensors, data_size);
  return result;
}

SafetensorsHeader read_safetensors_header(const fs::path& path,
                                          std::ifstream& file) {
  base::check_not_pointer(path);
  std::error_code failure;
  const uint64_t size = fs::file_size(path, failure);
  file.open(path, std::ios::binary);
  if (failure || !file) {
    throw base::io_error("{}: cannot read: {}", path.string(),
                         failure ? failure.message() : std::strerror(errno));
  }
  uint64_t length = 0;
  if (size < sizeof length ||
      !file.read(reinterpret_cast<char*>(&length), sizeof length)) {
    throw base::input_error(
        "{}: the file is too short for a safetensors file ({} bytes)",
        path.string(), size);
  }
  if (length > kMaxHeaderBytes || length > size - sizeof length) {
    throw base::input_error(
        "{}: a header of {} bytes does not fit in the file ({} bytes): it is "
        "truncated or not a safetensors file",
        path.string(), length, size);
  }
  std::string text(length, '\0');
  file.read(text.data(), static_cast<std::streamsize>(length));
  return parse_safetensors_header(path, text, size - sizeof length - length);
}

}  // namespace gato::data
