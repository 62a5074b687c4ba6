#include "gato/train/gradient_buckets.h"

#include <algorithm>
#include <numeric>

namespace gato::train {
namespace {

// Returns the indices of the parameters in about the order in which a backward
// pass completes their gradients: first those with weight decay (the matrices),
// last to first, then those without. The position tables, whose gradients are
// complete last, are among the latter.
std::vector<size_t> backward_order(const model::Network& network) {
  const std::vector<model::Parameter>& parameters = network.parameters();
  std::vector<size_t> order(parameters.size());
  std::iota(order.rbegin(), order.rend(), size_t{0});
  std::stable_partition(order.begin(), order.end(), [&](size_t parameter) {
    return parameters[parameter].has_weight_decay;
  });
  return order;
}

}  // namespace

GradientBuckets::GradientBuckets(ProcessGroup& process_group,
                                 const model::Network& network, bool is_sharded)
    : process_group_(process_group),
      is_sharded_(is_sharded),
      bucket_of_parameter_(network.parameters().size()) {
  // Buckets grow toward lower offsets. A new one begins when the last is large
  // enough or the next parameter is not adjacent to it.
  for (const size_t parameter : backward_order(network)) {
    const int64_t begin = network.parameter_offset(parameter);
    const int64_t end = begin + network.parameters()[parameter].value.numel();
    if (buckets_.empty() || buckets_.back().size() >= kMinBucketElements ||
        buckets_.back().begin != end) {
      buckets_.push_back({end, end});
      parameter_counts_.push_back(0);
    }
    buckets_.back().begin = begin;
    ++parameter_counts_.back();
    bucket_of_parameter_[parameter] = buckets_.size() - 1;
  }
  pending_counts_ = parameter_counts_;
}

void GradientBuckets::mark_ready(size_t parameter,
                                 const at::Tensor& gradients) {
  --pending_counts_[bucket_of_parameter_[parameter]];
  while (next_bucket_ < buckets_.size() && pending_counts_[next_bucket_] == 0) {
    start_reduction(buckets_[next_bucket_++], gradients);
  }
}

void GradientBuckets::finish(const at::Tensor& gradients) {
  while (next_bucket_ < buckets_.size()) {
    start_reduction(buckets_[next_bucket_++], gradients);
  }
  process_group_.wait_all();
  pending_counts_ = parameter_counts_;
  next_bucket_ = 0;
}

// Starts one all-reduce of the bucket; or, if the optimizer is sharded, one
// reduce for each shard that overlaps the bucket, to the rank that owns it.
void GradientBuckets::start_reduction(const FlatSlice& slice,
                                      const at::Tensor& gradients) {
  if (!is_sharded_) {
    return process_group_.all_reduce_async(slice.narrow(gradients));
  }
  const ShardLayout owners{gradients.numel(), process_group_.size()};
  for (int64_t rank = 0; rank < process_group_.size(); ++rank) {
    const FlatSlice own = owners.shard(rank);
    const FlatSlice part{std::max(slice.begin, own.begin),
                         std::min(slice.end, own.end)};
    if (part.size() > 0) {
      process_group_.reduce_async(part.narrow(gradients), rank);
    }
  }
}

}  // namespace gato::train
