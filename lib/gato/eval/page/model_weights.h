// The weights of a model as float32, without LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gato/data/safetensors_header.h"

namespace gato::eval {

// A safetensors file whose tensors are F32, F16 or BF16.
class ModelWeights {
 public:
  // Throws Error(io) if the file cannot be read, and Error(bad_input) if it is
  // corrupt.
  explicit ModelWeights(const std::filesystem::path& path);

  const data::SafetensorsHeader& header() const { return header_; }
  bool has(const std::string& name) const;
  // Returns a tensor in row-major order. Throws Error(bad_input) if there is no
  // tensor of this name, if it has other dimensions than `shape`, or if it is
  // of another type.
  std::vector<float> read(const std::string& name,
                          const std::vector<int64_t>& shape);
  // Returns rows [first, first + count) of a matrix of `width` columns.
  std::vector<float> read_rows(const std::string& name, int64_t width,
                               int64_t first, int64_t count);

 private:
  const data::SafetensorsTensorInfo& find(const std::string& name) const;
  std::vector<float> read_elements(const data::SafetensorsTensorInfo& tensor,
                                   uint64_t first, uint64_t count);

  std::filesystem::path path_;
  std::ifstream file_;
  data::SafetensorsHeader header_;
  std::streampos data_begin_;
};

}  // namespace gato::eval
