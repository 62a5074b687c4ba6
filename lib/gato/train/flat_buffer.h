// A part of a flat buffer.
//
// The norm of a flat buffer.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace gato::train {

struct FlatSlice {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
  at::Tensor narrow(const at::Tensor& flat) const {
    return flat.narrow(0, begin, size());
  }
};

// `values` values as slices of equal length, one a rank, and a rest that
// belongs to the last rank: lengths are multiples of 64, of a cache line and
// more.
struct ShardLayout {
  int64_t element_count = 0, world_size = 1;

  int64_t shard_size() const { return element_count / world_size / 64 * 64; }
  // The slices without the rest, and the rest.
  FlatSlice equal_shards() const { return {0, shard_size() * world_size}; }
  FlatSlice remainder() const {
    return {shard_size() * world_size, element_count};
  }
  FlatSlice shard(int64_t rank) const {
    return {rank * shard_size(),
            rank + 1 == world_size ? element_count : (rank + 1) * shard_size()};
  }
};

// Euclidean norm of a contiguous fp32 tensor, in float64. The partial sums have
// a fixed size, so the value does not depend on the number of threads. Not
// finite exactly where an element is not.
double l2_norm(const at::Tensor& flat);

}  // namespace gato::train
