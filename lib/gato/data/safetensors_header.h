// The JSON header of a safetensors file: where each tensor's bytes lie.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gato::data {

struct SafetensorsDType {
  std::string_view name;
  uint64_t item_size;  // of an element
};
constexpr std::array<SafetensorsDType, 6> kSafetensorsDTypes = {
    {{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"U8", 1}}};

struct SafetensorsTensorInfo {
  std::string name;
  std::string_view dtype;  // one of kSafetensorsDTypes
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  // its bytes, from the end of the header
};

struct SafetensorsHeader {
  std::vector<SafetensorsTensorInfo> tensors;  // in the order of their bytes
  std::map<std::string, std::string> metadata;
};

// `data_size` bytes follow the header. Error (bad_input), which names `path`,
// where the text is damaged or hostile: no JSON object, unknown types, a shape
// whose size overflows or differs from its offsets, gaps, overlaps, names
// twice.
SafetensorsHeader parse_safetensors_header(const std::filesystem::path& path,
                                           const std::string& text,
                                           uint64_t data_size);

// Opens the file as `file`, which is left where the tensors begin. Errors: io,
// and as above; also where it is too short for its header.
SafetensorsHeader read_safetensors_header(const std::filesystem::path& path,
                                          std::ifstream& file);

}  // namespace gato::data
