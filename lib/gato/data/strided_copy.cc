#include "gato/data/strided_copy.h"

#include <cstring>

namespace gato {
namespace {

// Runs of `Size` bytes (0: `run`), at every place of the axes; at least one.
template <size_t Size>
void copy_runs(std::span<const StridedAxis> axes, size_t run,
               const std::byte* from, std::byte* into) {
  const auto [count, from_stride, into_stride] = axes.front();
  if (axes.size() == 1) {
    for (int64_t i = 0; i < count; ++i) {
      std::memcpy(into, from, Size == 0 ? run : Size);
      from += from_stride;
      into += into_stride;
    }
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    copy_runs<Size>(axes.subspan(1), run, from + i * from_stride,
                    into + i * into_stride);
  }
}

}  // namespace

void copy_strided(std::span<const StridedAxis> axes, size_t run,
                  const std::byte* from, std::byte* into) {
  const auto copy = run == 1   ? copy_runs<1>
                    : run == 2 ? copy_runs<2>
                    : run == 4 ? copy_runs<4>
                    : run == 8 ? copy_runs<8>
                               : copy_runs<0>;
  copy(axes, run, from, into);
}

}  // namespace gato
