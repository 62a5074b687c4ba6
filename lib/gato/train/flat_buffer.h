// Slices, shards and norms of flat buffers: all parameters of a network, or
// their gradients or moments, in one tensor.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>

namespace gato::train {

// A range [begin, end) of a flat buffer.
struct FlatSlice {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
  at::Tensor narrow(const at::Tensor& flat) const {
    return flat.narrow(0, begin, size());
  }
};

// Returns the intersection of two ranges. Its size is not positive if they do
// not overlap.
inline FlatSlice intersection(const FlatSlice& a, const FlatSlice& b) {
  return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

// A division of `element_count` elements into shards of equal length, one per
// rank, and a remainder that belongs to the last rank. The length of a shard is
// a multiple of 64 elements, so shards of fp32 begin at cache lines.
struct ShardLayout {
  int64_t element_count = 0, world_size = 1;

  int64_t shard_size() const { return element_count / world_size / 64 * 64; }
  // Returns the range that is divided equally.
  FlatSlice equal_shards() const { return {0, shard_size() * world_size}; }
  // Returns the elements after it, fewer than 64 per rank.
  FlatSlice remainder() const {
    return {shard_size() * world_size, element_count};
  }
  FlatSlice shard(int64_t rank) const {
    return {rank * shard_size(),
            rank + 1 == world_size ? element_count : (rank + 1) * shard_size()};
  }
};

// Returns the Euclidean norm of a contiguous fp32 tensor. On the CPU it is
// computed in float64, so it is finite if and only if every element is, and in
// blocks of fixed size, so it does not depend on the number of threads.
double l2_norm(const at::Tensor& flat);

}  // namespace gato::train
