#include "gato/data/strided_copy.h"

#include <cstring>

namespace gato::data {
namespace {

// Copies one run of bytes for every combination of indices along `axes`, of
// which there is at least one. A constant `Size` lets the compiler replace
// memcpy() with a single move; 0 stands for `run_bytes`.
template <size_t Size>
void copy_runs(std::span<const StridedAxis> axes, size_t run_bytes,
               const std::byte* from, std::byte* into) {
  const auto [count, from_stride, into_stride] = axes.front();
  if (axes.size() == 1) {
    for (int64_t i = 0; i < count; ++i) {
      std::memcpy(into, from, Size == 0 ? run_bytes : Size);
      from += from_stride;
      into += into_stride;
    }
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    copy_runs<Size>(axes.subspan(1), run_bytes, from + i * from_stride,
                    into + i * into_stride);
  }
}

}  // namespace

void copy_strided(std::span<const StridedAxis> axes, size_t run_bytes,
                  const std::byte* from, std::byte* into) {
  const auto copy = run_bytes == 1   ? copy_runs<1>
                    : run_bytes == 2 ? copy_runs<2>
                    : run_bytes == 4 ? copy_runs<4>
                    : run_bytes == 8 ? copy_runs<8>
                                     : copy_runs<0>;
  copy(axes, run_bytes, from, into);
}

}  // namespace gato::data
