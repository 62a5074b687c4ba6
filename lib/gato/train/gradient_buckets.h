// Gradient buckets: the ranks reduce one bucket of gradients while they compute
// the next (as in PyTorch DDP, Li et al. 2020).
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gato/model/network.h"
#include "gato/train/distributed/process_group.h"
#include "gato/train/flat_buffer.h"

namespace gato::train {

// A bucket is a range of Network::flat_parameters() that consists of complete
// parameters. Buckets are reduced in a fixed order, that of the backward pass
// (last blocks first). A bucket is reduced when its parameters and those of all
// earlier buckets are complete on this rank. All ranks therefore reduce the
// same buckets in the same order, even if a batch has no gradient for some
// parameters (text has no patches).
class GradientBuckets {
 public:
  // Minimum number of elements of a bucket. The last bucket of a contiguous
  // range may have fewer.
  static constexpr int64_t kMinBucketElements = 1 << 20;

  // If `is_sharded`, the sum of a shard (ShardLayout) is computed only on the
  // rank that owns it.
  GradientBuckets(ProcessGroup& process_group, const model::Network& network,
                  bool is_sharded);

  // Declares that the gradient of a parameter, given by its index in
  // parameters(), is complete on this rank, and starts the reductions that this
  // permits. Called at most once per parameter between two calls of finish().
  void mark_ready(size_t parameter, const at::Tensor& gradients);
  // Declares that all gradients are complete. Blocks until all are reduced.
  void finish(const at::Tensor& gradients);

  // Returns the buckets in the order in which they are reduced.
  const std::vector<FlatSlice>& buckets() const { return buckets_; }

 private:
  void start_reduction(const FlatSlice& slice, const at::Tensor& gradients);

  ProcessGroup& process_group_;
  const bool is_sharded_;
  std::vector<FlatSlice> buckets_;
  std::vector<size_t> bucket_of_parameter_;                 // by parameter
  std::vector<int64_t> parameter_counts_, pending_counts_;  // by bucket
  size_t next_bucket_ = 0;
};

}  // namespace gato::train
