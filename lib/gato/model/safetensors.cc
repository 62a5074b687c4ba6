// Tensors are written and read one after another, without gaps, in the order of
// their offsets. data::read_safetensors_header() validates untrusted headers
// and leaves the file at the first tensor.
#include "gato/model/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "gato/base/error.h"
#include "gato/data/safetensors_header.h"

static_assert(std::endian::native == std::endian::little,
              "tensors are stored in the byte order of this machine");

namespace gato::model {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kAlignment = 64;  // of the first tensor, in bytes

struct DtypeName {
  std::string_view name;
  at::ScalarType type;
};
// Contains every type of data::kSafetensorsDTypes.
constexpr std::array kDtypes = {
    DtypeName{"F32", at::kFloat},     DtypeName{"F16", at::kHalf},
    DtypeName{"BF16", at::kBFloat16}, DtypeName{"I64", at::kLong},
    DtypeName{"I32", at::kInt},       DtypeName{"U8", at::kByte},
};

uint64_t byte_count(const at::Tensor& tensor) {
  return static_cast<uint64_t>(tensor.numel()) * tensor.element_size();
}

std::string dtype_name(const fs::path& path, const std::string& name,
                       at::ScalarType type) {
  for (const DtypeName& known : kDtypes) {
    if (known.type == type) {
      return std::string(known.name);
    }
  }
  throw base::run_error("{}: cannot store the type {} of the tensor {}",
                        path.string(), at::toString(type), name);
}

at::ScalarType dtype_from_name(std::string_view name) {
  return std::find_if(
             kDtypes.begin(), kDtypes.end(),
             [&](const DtypeName& known) { return known.name == name; })
      ->type;
}

}  // namespace

void write_safetensors(
    const fs::path& path,
    const std::vector<std::pair<std::string, at::Tensor>>& tensors,
    const SafetensorsMetadata& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) {
    header["__metadata__"] = metadata;
  }
  uint64_t next = 0;
  for (const auto& [name, tensor] : tensors) {
    const uint64_t end = next + byte_count(tensor);
    header[name] = {{"dtype", dtype_name(path, name, tensor.scalar_type())},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {next, end}}};
    next = end;
  }
  std::string text = header.dump();
  const uint64_t unpadded = sizeof(uint64_t) + text.size();
  text.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');

  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  const uint64_t length = text.size();
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << text;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor flat = tensor.detach().cpu().contiguous();
    file.write(static_cast<const char*>(flat.const_data_ptr()),
               static_cast<std::streamsize>(byte_count(flat)));
  }
  file.close();
  if (!file) {
    throw base::io_error("{}: cannot write: {}", path.string(),
                         std::strerror(errno));
  }
}

Safetensors read_safetensors(const fs::path& path) {
  std::ifstream file;
  data::SafetensorsHeader header = data::read_safetensors_header(path, file);
  Safetensors result{{}, std::move(header.metadata)};
  for (const data::SafetensorsTensorInfo& entry : header.tensors) {
    at::Tensor tensor = at::empty(entry.shape, dtype_from_name(entry.dtype));
    file.read(static_cast<char*>(tensor.mutable_data_ptr()),
              static_cast<std::streamsize>(entry.end - entry.begin));
    result.tensors.emplace(entry.name, std::move(tensor));
  }
  if (!file) {
    throw base::io_error("{}: cannot read: {}", path.string(),
                         std::strerror(errno));
  }
  return result;
}

}  // namespace gato::model
