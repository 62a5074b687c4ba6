#include "gato/eval/page/model_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "gato/base/error.h"
#include "gato/data/array.h"

namespace gato::eval {
namespace {

float half_to_float(uint16_t bits) {
  const int exponent = bits >> 10 & 0x1f, mantissa = bits & 0x3ff;
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 0x1f) {
    return mantissa == 0 ? sign * INFINITY : NAN;
  }
  // 1024 is the implicit bit of the mantissa, which subnormal numbers lack.
  return sign * std::ldexp(static_cast<float>(exponent == 0 ? mantissa
                                                            : mantissa + 1024),
                           std::max(exponent, 1) - 25);
}

uint64_t item_size(const data::SafetensorsTensorInfo& tensor) {
  return tensor.dtype == "F32" ? 4 : 2;
}

}  // namespace

ModelWeights::ModelWeights(const std::filesystem::path& path)
    : path_(path), header_(data::read_safetensors_header(path, file_)) {
  data_begin_ = file_.tellg();
}

bool ModelWeights::has(const std::string& name) const {
  return std::ranges::find(header_.tensors, name,
                           &data::SafetensorsTensorInfo::name) !=
         header_.tensors.end();
}

const data::SafetensorsTensorInfo& ModelWeights::find(
    const std::string& name) const {
  const auto found = std::ranges::find(header_.tensors, name,
                                       &data::SafetensorsTensorInfo::name);
  if (found == header_.tensors.end()) {
    throw base::input_error("{}: has no tensor \"{}\"", path_.string(), name);
  }
  if (found->dtype != "F32" && found->dtype != "F16" &&
      found->dtype != "BF16") {
    throw base::input_error(
        "{}: tensor \"{}\" is {}: weights are F32, F16 or BF16", path_.string(),
        name, found->dtype);
  }
  return *found;
}

std::vector<float> ModelWeights::read_elements(
    const data::SafetensorsTensorInfo& tensor, uint64_t first, uint64_t count) {
  const uint64_t size = item_size(tensor);
  std::vector<char> bytes(count * size);
  file_.clear();
  file_.seekg(data_begin_ +
              static_cast<std::streamoff>(tensor.begin + first * size));
  file_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file_) {
    throw base::io_error("{}: cannot read tensor \"{}\"", path_.string(),
                         tensor.name);
  }
  std::vector<float> values(count);
  if (size == 4) {
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  for (uint64_t i = 0; i < count; ++i) {
    uint16_t bits;
    std::memcpy(&bits, bytes.data() + 2 * i, 2);
    values[i] = tensor.dtype == "BF16"
                    ? std::bit_cast<float>(static_cast<uint32_t>(bits) << 16)
                    : half_to_float(bits);
  }
  return values;
}

std::vector<float> ModelWeights::read(const std::string& name,
                                      const std::vector<int64_t>& shape) {
  const data::SafetensorsTensorInfo& tensor = find(name);
  if (tensor.shape != shape) {
    throw base::input_error(
        "{}: tensor \"{}\" has the shape [{}], but config.json requires [{}]",
        path_.string(), name, fmt::join(tensor.shape, ", "),
        fmt::join(shape, ", "));
  }
  return read_elements(tensor, 0,
                       static_cast<uint64_t>(data::element_count(shape)));
}

std::vector<float> ModelWeights::read_rows(const std::string& name,
                                           int64_t width, int64_t first,
                                           int64_t count) {
  const data::SafetensorsTensorInfo& tensor = find(name);
  if (tensor.shape.size() != 2 || tensor.shape[1] != width ||
      tensor.shape[0] < first + count) {
    throw base::input_error(
        "{}: tensor \"{}\" has the shape [{}], but config.json requires {} "
        "columns and at least {} rows",
        path_.string(), name, fmt::join(tensor.shape, ", "), width,
        first + count);
  }
  return read_elements(tensor, static_cast<uint64_t>(first * width),
                       static_cast<uint64_t>(count * width));
}

}  // namespace gato::eval
