// The safetensors format: the length of the header as a little-endian uint64, a
// JSON header {"NAME": {"dtype", "shape", "data_offsets": [begin, end]}, ...,
// "__metadata__": {...}}, then the bytes of the tensors, little-endian, in C
// order.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace gato::model {

using SafetensorsMetadata = std::map<std::string, std::string>;

// The contents of a safetensors file.
struct Safetensors {
  std::map<std::string, at::Tensor> tensors;  // on the CPU
  SafetensorsMetadata metadata;
};

// Writes fp32, fp16, bf16, int64, int32 and uint8 tensors in the given order.
// Spaces pad the header so that the data starts at a multiple of 64 bytes.
// Overwrites `path` in place: callers that need atomic replacement write to a
// temporary path. Throws Error(run_failed) for a tensor of another type, and
// Error(io) if the file cannot be written.
void write_safetensors(
    const std::filesystem::path& path,
    const std::vector<std::pair<std::string, at::Tensor>>& tensors,
    const SafetensorsMetadata& metadata = {});

// Reads all tensors and the metadata of a file. Throws Error(io) if it cannot
// be read, and Error(bad_input) if the header is corrupt or hostile: longer
// than the file or than 100 MB, unknown types, shapes whose size overflows or
// differs from the offsets, gaps, overlaps, or duplicate names.
Safetensors read_safetensors(const std::filesystem::path& path);

}  // namespace gato::model
