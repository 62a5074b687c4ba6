// The JSON header of a safetensors file, which gives the type, shape and byte
// range of each tensor.
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
  uint64_t item_size;  // bytes per element
};
constexpr std::array<SafetensorsDType, 6> kSafetensorsDTypes = {
    {{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"U8", 1}}};

struct SafetensorsTensorInfo {
  std::string name;
  std::string_view dtype;  // one of kSafetensorsDTypes
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  // byte range, relative to the end of the header
};

struct SafetensorsHeader {
  std::vector<SafetensorsTensorInfo> tensors;  // in the order of their offsets
  std::map<std::string, std::string> metadata;
};

// Parses the text of a header that is followed by `data_size` bytes of tensors.
// Throws Error(bad_input), which names `path`, if the text is corrupt or
// malicious: not a JSON object, an unknown type, a shape whose size overflows
// or does not match its offsets, gaps, overlaps or duplicate names.
SafetensorsHeader parse_safetensors_header(const std::filesystem::path& path,
                                           const std::string& text,
                                           uint64_t data_size);

// Opens the file, reads its header and leaves `file` at the first byte of the
// tensors. Throws Error(io) if the file cannot be read, and Error(bad_input) as
// above or if the file is too short for its header.
SafetensorsHeader read_safetensors_header(const std::filesystem::path& path,
                                          std::ifstream& file);

}  // namespace gato::data
