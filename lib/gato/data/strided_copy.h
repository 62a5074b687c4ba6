// Copies of blocks between arrays of different shapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace gato::data {

// An axis along which `count` items are copied, with its strides in the source
// and in the destination.
struct StridedAxis {
  int64_t count, from_stride, into_stride;  // strides in bytes
};

// Copies a run of `run_bytes` contiguous bytes for every combination of indices
// along `axes`. Requires at least one axis; the last one varies fastest.
void copy_strided(std::span<const StridedAxis> axes, size_t run_bytes,
                  const std::byte* from, std::byte* into);

}  // namespace gato::data
