#include "gato/train/gradient_buckets.h"

#include <algorithm>
#include <numeric>

namespace gato {
namespace {

// The places of the parameters as backward passes come to them: matrices from
// the end, then what is under no weight decay, where the tables of positions
// are, which come last.
std::vector<size_t> backward_order(const Network& network) {
  const std::vector<Parameter>& parameters = network.parameters();
  std::vector<size_t> order(parameters.size());
  std::iota(order.rbegin(), order.rend(), size_t{0});
  std::stable_partition(order.begin(), order.end(), [&](size_t parameter) {
    return parameters[parameter].decays;
  });
  return order;
}

}  // namespace

GradientBuckets::GradientBuckets(Ranks& ranks, const Network& network,
                                 bool is_sharded)
    : ranks_(ranks),
      is_sharded_(is_sharded),
      bucket_of_(network.parameters().size()) {
  for (const size_t parameter : backward_order(network)) {
    const int64_t begin = network.offset(parameter);
    const int64_t end = begin + network.parameters()[parameter].value.numel();
    if (slices_.empty() || slices_.back().size() >= least ||
        slices_.back().begin != end) {
      slices_.push_back({end, end});
      parameters_.push_back(0);
    }
    slices_.back().begin = begin;
    ++parameters_.back();
    bucket_of_[parameter] = slices_.size() - 1;
  }
  missing_ = parameters_;
}

void GradientBuckets::complete(size_t parameter, const at::Tensor& gradients) {
  --missing_[bucket_of_[parameter]];
  while (begun_ < slices_.size() && missing_[begun_] == 0) {
    begin(slices_[begun_++], gradients);
  }
}

void GradientBuckets::finish(const at::Tensor& gradients) {
  while (begun_ < slices_.size()) begin(slices_[begun_++], gradients);
  ranks_.finish_sums();
  missing_ = parameters_;
  begun_ = 0;
}

void GradientBuckets::begin(const FlatSlice& slice,
                            const at::Tensor& gradients) {
  if (!is_sharded_) return ranks_.begin_sum(slice.of(gradients));
  const FlatSlices owners{gradients.numel(), ranks_.size()};
  for (int64_t rank = 0; rank < ranks_.size(); ++rank) {
    const FlatSlice own = owners.of_rank(rank);
    const FlatSlice part{std::max(slice.begin, own.begin),
                         std::min(slice.end, own.end)};
    if (part.size() > 0) ranks_.begin_sum(part.of(gradients), rank);
  }
}

}  // namespace gato
