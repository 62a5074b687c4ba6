// Copies of blocks of arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace gato::data {

// An axis along which `count` elements are copied, that lie at these distances.
struct StridedAxis {
  int64_t count, from_stride, into_stride;  // strides in bytes
};

// Copies `run` bytes at every place of the axes, of which there is at least
// one; the last is the fastest.
void copy_strided(std::span<const StridedAxis> axes, size_t run_bytes,
                  const std::byte* from, std::byte* into);

}  // namespace gato::data
