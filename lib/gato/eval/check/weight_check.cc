// A number is not finite if all bits of its exponent are set, and then infinite
// if all bits of its mantissa are 0. Only the bits are examined.
#include "gato/eval/check/weight_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include "gato/base/error.h"
#include "gato/data/array.h"
#include "gato/data/safetensors_header.h"

namespace gato::eval {
namespace {

constexpr size_t kChunkBytes = size_t{4} << 20;

struct NonFinite {
  int64_t nan = 0, infinite = 0;
};

template <class Bits>
void count_non_finite(const char* bytes, size_t size, Bits exponent,
                      Bits mantissa, NonFinite& counts) {
  const size_t n = size / sizeof(Bits);
  int64_t nan = 0, infinite = 0;
  for (size_t i = 0; i < n; ++i) {
    Bits bits;
    std::memcpy(&bits, bytes + i * sizeof(Bits), sizeof(Bits));
    const bool is_special = (bits & exponent) == exponent;
    const bool is_infinite = (bits & mantissa) == 0;
    nan += static_cast<int64_t>(is_special & !is_infinite);
    infinite += static_cast<int64_t>(is_special & is_infinite);
  }
  counts.nan += nan;
  counts.infinite += infinite;
}

void count_non_finite(std::string_view dtype, const char* bytes, size_t size,
                      NonFinite& counts) {
  if (dtype == "F32") {
    count_non_finite<uint32_t>(bytes, size, 0x7f800000U, 0x007fffffU, counts);
  } else if (dtype == "BF16") {
    count_non_finite<uint16_t>(bytes, size, uint16_t{0x7f80}, uint16_t{0x007f},
                               counts);
  } else if (dtype == "F16") {
    count_non_finite<uint16_t>(bytes, size, uint16_t{0x7c00}, uint16_t{0x03ff},
                               counts);
  }
}

void report(const std::string& tensor, const char* check, const char* what,
            int64_t count, uint64_t elements, std::vector<Finding>& findings) {
  if (count > 0) {
    findings.push_back(
        {Severity::error, check, tensor,
         fmt::format("{} of {} weights are {}: training diverged; use an "
                     "earlier checkpoint, and a lower --learning-rate",
                     count, elements, what),
         count});
  }
}

}  // namespace

std::vector<Finding> check_weights(const std::filesystem::path& path,
                                   base::ProgressDisplay* progress) {
  std::ifstream file;
  const data::SafetensorsHeader header =
      data::read_safetensors_header(path, file);
  std::vector<Finding> findings;
  std::vector<char> chunk(kChunkBytes);
  base::Progress counter(progress, "check", "tensors",
                         std::ssize(header.tensors));
  for (const data::SafetensorsTensorInfo& tensor : header.tensors) {
    NonFinite counts;
    for (uint64_t at = tensor.begin; at < tensor.end; at += kChunkBytes) {
      const size_t size = std::min<uint64_t>(kChunkBytes, tensor.end - at);
      file.read(chunk.data(), static_cast<std::streamsize>(size));
      if (!file) {
        throw base::io_error("{}: cannot read tensor \"{}\"", path.string(),
                             tensor.name);
      }
      count_non_finite(tensor.dtype, chunk.data(), size, counts);
    }
    const auto elements =
        static_cast<uint64_t>(data::element_count(tensor.shape));
    report(tensor.name, "nan", "NaN", counts.nan, elements, findings);
    report(tensor.name, "infinity", "infinite", counts.infinite, elements,
           findings);
    counter.advance();
  }
  return findings;
}

}  // namespace gato::eval
