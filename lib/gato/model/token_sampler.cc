// The logits of all tokens of a call are computed in one product, for the
// smallest range of ids that contains every requested range. Each token is then
// sampled on the CPU, in double precision, from its part of the row.
#include "gato/model/token_sampler.h"

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "gato/base/error.h"
#include "gato/base/random.h"

namespace gato::model {
namespace {

// Returns the index that `uniform`, in [0, 1), selects by inversion of the
// cumulative distribution of softmax(logits / temperature).
size_t sample_index(std::span<const float> logits, double temperature,
                    double uniform) {
  const double max_logit = *std::max_element(logits.begin(), logits.end());
  const auto weight = [&](float logit) {
    return std::exp((logit - max_logit) / temperature);
  };
  double total = 0;
  for (const float logit : logits) {
    total += weight(logit);
  }
  double remaining = uniform * total;
  for (size_t i = 0; i < logits.size(); ++i) {
    remaining -= weight(logits[i]);
    if (remaining < 0) {
      return i;
    }
  }
  return logits.size() - 1;  // reached only because of rounding
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

data::TokenRow text_token(int32_t id) {
  data::TokenRow row;
  row.push_back(id, data::Modality::text, data::TokenRow::kNoLocalPosition);
  return row;
}

// Samples from the logits of Network or Decoder.
template <class Model>
std::vector<int32_t> sample_from(const Model& model, const at::Tensor& hidden,
                                 std::span<const data::IdRange> ranges,
                                 std::span<const SampleKey> keys,
                                 const SamplingOptions& options) {
  const c10::InferenceMode inference;
  if (ranges.empty()) {
    return {};
  }
  const data::IdRange all = enclosing_range(ranges);
  const at::Tensor logits = model.logits(hidden, all).cpu().contiguous();
  std::vector<int32_t> ids;
  for (size_t i = 0; i < ranges.size(); ++i) {
    // The logits of ranges[i], a part of row i.
    const std::span<const float> row(logits.const_data_ptr<float>() +
                                         i * logits.size(1) +
                                         (ranges[i].begin - all.begin),
                                     ranges[i].end - ranges[i].begin);
    for (const float logit : row) {
      if (!std::isfinite(logit)) {
        throw base::run_error(
            "the network computed the logit {}: its weights have diverged",
            logit);
      }
    }
    const size_t chosen =
        options.greedy
            ? std::max_element(row.begin(), row.end()) - row.begin()
            : sample_index(row, options.temperature,
                           base::random_uniform(
                               options.seed,
                               {keys[i].episode, keys[i].step, keys[i].token}));
    ids.push_back(ranges[i].begin + static_cast<int32_t>(chosen));
  }
  return ids;
}

}  // namespace

std::vector<int32_t> sample_tokens(const Decoder& decoder,
                                   const at::Tensor& hidden,
                                   std::span<const data::IdRange> ranges,
                                   std::span<const SampleKey> keys,
                                   const SamplingOptions& options) {
  return sample_from(decoder, hidden, ranges, keys, options);
}

std::vector<int32_t> sample_tokens(const Network& network,
                                   const at::Tensor& hidden,
                                   std::span<const data::IdRange> ranges,
                                   std::span<const SampleKey> keys,
                                   const SamplingOptions& options) {
  return sample_from(network, hidden, ranges, keys, options);
}

std::vector<std::vector<int32_t>> generate_text(
    KvCache& cache, std::span<const int64_t> slots, at::Tensor hidden,
    std::span<const SampleKey> keys, const TextGenerationOptions& options) {
  const c10::NoGradGuard no_grad;
  std::vector<std::vector<int32_t>> texts(slots.size());
  std::vector<size_t> active(slots.size());  // indices of unfinished texts
  for (size_t i = 0; i < active.size(); ++i) {
    active[i] = i;
  }
  // Row j of `hidden` is the state after the last token of text active[j].
  for (int64_t count = 0; count < options.max_tokens && !active.empty();
       ++count) {
    const std::vector<data::IdRange> ranges(
        active.size(), {0, cache.network().config().vocabulary.text_size});
    std::vector<SampleKey> sample_keys;
    for (const size_t i : active) {
      sample_keys.push_back(keys[i]);
      sample_keys.back().token += count;
    }
    const std::vector<int32_t> ids = sample_tokens(
        cache.decoder(), hidden, ranges, sample_keys, options.sampling);
    std::vector<size_t> still_active;
    std::vector<int64_t> active_slots;
    std::vector<data::TokenRow> chunks;
    for (size_t j = 0; j < active.size(); ++j) {
      if (ids[j] == options.end_of_text) {
        continue;
      }
      const size_t i = active[j];
      texts[i].push_back(ids[j]);
      still_active.push_back(i);
      active_slots.push_back(slots[i]);
      chunks.push_back(text_token(ids[j]));
    }
    active = std::move(still_active);
    if (active.empty() || count + 1 == options.max_tokens) {
      break;
    }
    for (const int64_t slot : active_slots) {
      if (cache.length(slot) == cache.capacity()) {
        cache.evict(slot, 1);
      }
    }
    hidden = cache.append(active_slots, chunks);
  }
  return texts;
}

}  // namespace gato::model
