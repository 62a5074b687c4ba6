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
              "tensors are read and written as they are in memory");

namespace gato {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t alignment = 64;

struct TypeName {
  std::string_view name;
  at::ScalarType type;
};
// Those of safetensors_types.
constexpr std::array types = {
    TypeName{"F32", at::kFloat}, TypeName{"BF16", at::kBFloat16},
    TypeName{"I64", at::kLong},  TypeName{"I32", at::kInt},
    TypeName{"U8", at::kByte},
};

uint64_t byte_count(const at::Tensor& tensor) {
  return static_cast<uint64_t>(tensor.numel()) * tensor.element_size();
}

std::string type_name(const fs::path& path, const std::string& name,
                      at::ScalarType type) {
  for (const TypeName& known : types)
    if (known.type == type) return std::string(known.name);
  throw run_error("{}: cannot store the type {} of the tensor {}",
                  path.string(), at::toString(type), name);
}

at::ScalarType type_named(std::string_view name) {
  return std::find_if(types.begin(), types.end(),
                      [&](const TypeName& known) { return known.name == name; })
      ->type;
}

}  // namespace

void write_safetensors(
    const fs::path& path,
    const std::vector<std::pair<std::string, at::Tensor>>& tensors,
    const Metadata& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t next = 0;
  for (const auto& [name, tensor] : tensors) {
    const uint64_t end = next + byte_count(tensor);
    header[name] = {{"dtype", type_name(path, name, tensor.scalar_type())},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {next, end}}};
    next = end;
  }
  std::string text = header.dump();
  const uint64_t unpadded = sizeof(uint64_t) + text.size();
  text.append((alignment - unpadded % alignment) % alignment, ' ');

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
  if (!file)
    throw io_error("{}: cannot write: {}", path.string(), std::strerror(errno));
}

Safetensors read_safetensors(const fs::path& path) {
  std::ifstream file;
  SafetensorsHeader header = read_safetensors_header(path, file);
  Safetensors result{{}, std::move(header.metadata)};
  for (const SafetensorsEntry& entry : header.entries) {
    at::Tensor tensor = at::empty(entry.shape, type_named(entry.dtype));
    file.read(static_cast<char*>(tensor.mutable_data_ptr()),
              static_cast<std::streamsize>(entry.end - entry.begin));
    result.tensors.emplace(entry.name, std::move(tensor));
  }
  if (!file)
    throw io_error("{}: cannot read: {}", path.string(), std::strerror(errno));
  return result;
}

}  // namespace gato
