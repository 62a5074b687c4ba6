// Gradients in pieces, which the ranks add up while the rest is computed.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gato/model/network.h"
#include "gato/train/distributed/process_group.h"
#include "gato/train/flat_buffer.h"

namespace gato::train {

// A bucket is a range of Network::flat() with the parameters in it. Buckets are
// exchanged in one order, the last blocks' first, as backward passes come to
// them: each when its parameters and those of all before it are complete in
// this rank. A rank whose batch has no part for some parameter, a text no
// patches, thus exchanges the same buckets in the same order as the others.
class GradientBuckets {
 public:
  // Values of a bucket, or more; the last ones of a range may have less.
  static constexpr int64_t kMinBucketElements = 1 << 20;

  // With `is_sharded`, the slice of a rank (ShardLayout) is summed there alone.
  GradientBuckets(ProcessGroup& process_group, const model::Network& network,
                  bool is_sharded);

  // This rank has added its last to the gradient of a parameter, by its place
  // in parameters(); at most once for each between two calls of finish().
  void mark_ready(size_t parameter, const at::Tensor& gradients);
  // So it has to all. Waits for the sums.
  void finish(const at::Tensor& gradients);

  // The buckets as they are exchanged.
  const std::vector<FlatSlice>& buckets() const { return buckets_; }

 private:
  void start_reduction(const FlatSlice& slice, const at::Tensor& gradients);

  ProcessGroup& process_group_;
  const bool is_sharded_;
  std::vector<FlatSlice> buckets_;
  std::vector<size_t> bucket_of_parameter_;                 // of each parameter
  std::vector<int64_t> parameter_counts_, pending_counts_;  // of each bucket
  size_t next_bucket_ = 0;
};

}  // namespace gato::train
