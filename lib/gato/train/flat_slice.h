// A part of a flat buffer.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace gato {

struct FlatSlice {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
  at::Tensor of(const at::Tensor& flat) const {
    return flat.narrow(0, begin, size());
  }
};

// `values` values as slices of equal length, one a rank, and a rest that
// belongs to the last rank: lengths are multiples of 64, of a cache line and
// more.
struct FlatSlices {
  int64_t values = 0, ranks = 1;

  int64_t length() const { return values / ranks / 64 * 64; }
  // The slices without the rest, and the rest.
  FlatSlice even() const { return {0, length() * ranks}; }
  FlatSlice rest() const { return {length() * ranks, values}; }
  FlatSlice of_rank(int64_t rank) const {
    return {rank * length(),
            rank + 1 == ranks ? values : (rank + 1) * length()};
  }
};

}  // namespace gato
