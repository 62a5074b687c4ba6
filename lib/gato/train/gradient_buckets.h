// Gradients in pieces, which the ranks add up while the rest is computed.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gato/model/network.h"
#include "gato/train/distributed/ranks.h"
#include "gato/train/flat_slice.h"

namespace gato {

// A bucket is a range of Network::flat() with the parameters in it. Buckets are
// exchanged in one order, the last blocks' first, as backward passes come to
// them: each when its parameters and those of all before it are complete in
// this rank. A rank whose batch has no part for some parameter, a text no
// patches, thus exchanges the same buckets in the same order as the others.
class GradientBuckets {
 public:
  // Values of a bucket, or more; the last ones of a range may have less.
  static constexpr int64_t least = 1 << 20;

  // With `is_sharded`, the slice of a rank (FlatSlices) is summed there alone.
  GradientBuckets(Ranks& ranks, const Network& network, bool is_sharded);

  // This rank has added its last to the gradient of a parameter, by its place
  // in parameters(); at most once for each between two calls of finish().
  void complete(size_t parameter, const at::Tensor& gradients);
  // So it has to all. Waits for the sums.
  void finish(const at::Tensor& gradients);

  // The buckets as they are exchanged.
  const std::vector<FlatSlice>& slices() const { return slices_; }

 private:
  void begin(const FlatSlice& slice, const at::Tensor& gradients);

  Ranks& ranks_;
  const bool is_sharded_;
  std::vector<FlatSlice> slices_;
  std::vector<size_t> bucket_of_;              // of each parameter
  std::vector<int64_t> parameters_, missing_;  // of each bucket
  size_t begun_ = 0;
};

}  // namespace gato
