// Safetensors files for tests that do not link LibTorch.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace gato::test {

// A shape and its values in row-major order.
using WeightTensor = std::pair<std::vector<int64_t>, std::vector<float>>;

// Writes the tensors as F32.
inline void write_weights(const std::filesystem::path& path,
                          const std::map<std::string, WeightTensor>& tensors) {
  nlohmann::json header;
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    const size_t begin = data.size(), size = tensor.second.size() * 4;
    data.resize(begin + size);
    std::memcpy(data.data() + begin, tensor.second.data(), size);
    header[name] = {{"dtype", "F32"},
                    {"shape", tensor.first},
                    {"data_offsets", {begin, begin + size}}};
  }
  const std::string text = header.dump();
  const uint64_t length = text.size();
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << text << data;
}

}  // namespace gato::test
