// The logits of all tokens of a call are computed in one product, for the
// smallest range of ids that contains every requested range. Each token is then
// sampled on the CPU, in double precision, from its part of the row.
#include "gato/model/token_sampler.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "gato/base/error.h"
#include "gato/base/random.h"

namespace gato::model {
namespace {

// Returns the indices of the `count` largest logits, the largest first and the
// lowest index first in a tie.
std::vector<size_t> largest_logits(std::span<const float> logits,
                                   size_t count) {
  std::vector<size_t> indices(logits.size());
  std::iota(indices.begin(), indices.end(), size_t{0});
  std::partial_sort(
      indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(count),
      indices.end(), [&](size_t a, size_t b) {
        return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
      });
  indices.resize(count);
  return indices;
}

// Returns the element that `uniform`, in [0, 1), selects by inversion of the
// cumulative distribution of `weights`, which add up to `total`.
size_t invert_distribution(std::span<const double> weights, double total,
                           double uniform) {
  double remaining = uniform * total;
  for (size_t i = 0; i < weights.size(); ++i) {
    remaining -= weights[i];
    if (remaining < 0) {
      return i;
    }
  }
  return weights.size() - 1;  // reached by rounding only
}

// Returns the index that `uniform` selects from softmax(logits / temperature),
// truncated to the most likely indices as options.top_k and options.top_p say.
size_t sample_index(std::span<const float> logits,
                    const SamplingOptions& options, double uniform) {
  const double max_logit = *std::max_element(logits.begin(), logits.end());
  std::vector<double> weights;
  weights.reserve(logits.size());
  double total = 0;
  for (const float logit : logits) {
    weights.push_back(std::exp((logit - max_logit) / options.temperature));
    total += weights.back();
  }
  const bool is_truncated = options.top_k > 0 || options.top_p < 1;
  if (!is_truncated) {
    return invert_distribution(weights, total, uniform);
  }
  const size_t count =
      options.top_k > 0
          ? std::min(logits.size(), static_cast<size_t>(options.top_k))
          : logits.size();
  const std::vector<size_t> candidates = largest_logits(logits, count);
  std::vector<double> kept;
  double kept_total = 0;
  for (const size_t i : candidates) {
    kept.push_back(weights[i]);
    kept_total += weights[i];
    if (kept_total >= options.top_p * total) {
      break;
    }
  }
  return candidates[invert_distribution(kept, kept_total, uniform)];
}

// Returns the smallest range that contains all of `ranges`, which is not empty.
data::IdRange enclosing_range(std::span<const data::IdRange> ranges) {
  data::IdRange all = ranges.front();
  for (const data::IdRange& range : ranges) {
    all.begin = std::min(all.begin, range.begin);
    all.end = std::max(all.end, range.end);
  }
  return all;
}

// Returns a copy of the logits of the ids in `range` in which those of excluded
// ids are minus infinity. Throws Error(run_failed) if a logit is not finite.
std::vector<float> allowed_logits(std::span<const float> logits,
                                  const data::IdRange& range,
                                  std::span<const int32_t> excluded_ids) {
  for (const float logit : logits) {
    if (!std::isfinite(logit)) {
      throw base::run_error(
          "the network computed the logit {}: its weights have diverged",
          logit);
    }
  }
  std::vector<float> allowed(logits.begin(), logits.end());
  for (const int32_t id : excluded_ids) {
    if (range.contains(id)) {
      allowed[id - range.begin] = -std::numeric_limits<float>::infinity();
    }
  }
  return allowed;
}

}  // namespace

std::vector<int32_t> sample_tokens(const Decoder& decoder,
                                   const at::Tensor& hidden,
                                   std::span<const data::IdRange> ranges,
                                   std::span<const SampleKey> keys,
                                   const SamplingOptions& options) {
  const c10::InferenceMode inference;
  if (ranges.empty()) {
    return {};
  }
  const data::IdRange all = enclosing_range(ranges);
  const at::Tensor logits = decoder.logits(hidden, all).cpu().contiguous();
  std::vector<int32_t> ids;
  for (size_t i = 0; i < ranges.size(); ++i) {
    // The logits of ranges[i], a part of row i.
    const std::span<const float> part(logits.const_data_ptr<float>() +
                                          i * logits.size(1) +
                                          (ranges[i].begin - all.begin),
                                      ranges[i].end - ranges[i].begin);
    const std::vector<float> row =
        allowed_logits(part, ranges[i], options.excluded_ids);
    const size_t chosen =
        options.greedy
            ? std::max_element(row.begin(), row.end()) - row.begin()
            : sample_index(row, options,
                           base::random_uniform(
                               options.seed,
                               {keys[i].episode, keys[i].step, keys[i].token}));
    ids.push_back(ranges[i].begin + static_cast<int32_t>(chosen));
  }
  return ids;
}

}  // namespace gato::model
