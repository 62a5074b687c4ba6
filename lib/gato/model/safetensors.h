// The safetensors format: u64 little-endian header length, a JSON header
// {"name":{"dtype","shape","data_offsets":[begin,end]}, "__metadata__":{...}},
// then the tensors' bytes, little-endian, in C order.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace gato::model {

using SafetensorsMetadata = std::map<std::string, std::string>;

struct Safetensors {
  std::map<std::string, at::Tensor> tensors;  // on the CPU
  SafetensorsMetadata metadata;
};

// Writes fp32, bf16, int64, int32 and uint8 tensors in the given order. The
// header is padded with spaces so that the data starts on a multiple of 64.
// Replaces `path`; the caller makes it atomic.
void write_safetensors(
    const std::filesystem::path& path,
    const std::vector<std::pair<std::string, at::Tensor>>& tensors,
    const SafetensorsMetadata& metadata = {});

// Error (io) where it cannot be read; Error (bad_input) where the header is
// damaged or hostile: longer than the file or 100 MB, unknown types, a shape
// whose size overflows or differs from its offsets, gaps, overlaps, names
// twice.
Safetensors read_safetensors(const std::filesystem::path& path);

}  // namespace gato::model
