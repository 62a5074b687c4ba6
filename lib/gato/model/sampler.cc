#include "gato/model/sampler.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "gato/base/error.h"
#include "gato/base/random.h"

namespace gato {
namespace {

// Index of the token that `chance` in [0, 1) falls on.
size_t draw(std::span<const float> logits, double temperature, double chance) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  const auto weight = [&](float logit) {
    return std::exp((logit - largest) / temperature);
  };
  double total = 0;
  for (const float logit : logits) total += weight(logit);
  double left = chance * total;
  for (size_t i = 0; i < logits.size(); ++i) {
    left -= weight(logits[i]);
    if (left < 0) return i;
  }
  return logits.size() - 1;  // rounding
}

IdRange union_of(std::span<const IdRange> ranges) {
  IdRange all = ranges.front();
  for (const IdRange& range : ranges) {
    all.begin = std::min(all.begin, range.begin);
    all.end = std::max(all.end, range.end);
  }
  return all;
}

TokenFeatures text_token(int32_t id) {
  return {{id}, {Modality::text}, {TokenFeatures::no_local}, {{}}};
}

}  // namespace

std::vector<int32_t> sample(const Network& network, const at::Tensor& hidden,
                            std::span<const IdRange> ranges,
                            std::span<const DrawKey> keys,
                            const SamplerOptions& options) {
  const c10::NoGradGuard no_grad;
  if (ranges.empty()) return {};
  const IdRange all = union_of(ranges);
  const at::Tensor logits = network.logits(hidden, all).cpu().contiguous();
  std::vector<int32_t> ids;
  for (size_t i = 0; i < ranges.size(); ++i) {
    const std::span<const float> row(logits.const_data_ptr<float>() +
                                         i * logits.size(1) +
                                         (ranges[i].begin - all.begin),
                                     ranges[i].end - ranges[i].begin);
    for (const float logit : row)
      if (!std::isfinite(logit))
        throw run_error("the network gave the logit {}: its weights diverged",
                        logit);
    const size_t chosen =
        options.greedy
            ? std::max_element(row.begin(), row.end()) - row.begin()
            : draw(row, options.temperature,
                   random_uniform(options.seed, {keys[i].episode, keys[i].step,
                                                 keys[i].token}));
    ids.push_back(ranges[i].begin + static_cast<int32_t>(chosen));
  }
  return ids;
}

std::vector<std::vector<int32_t>> generate_text(Cache& cache,
                                                std::span<const int64_t> slots,
                                                at::Tensor hidden,
                                                std::span<const DrawKey> keys,
                                                const TextOptions& options) {
  const c10::NoGradGuard no_grad;
  const Network& network = cache.network();
  std::vector<std::vector<int32_t>> texts(slots.size());
  std::vector<size_t> open(slots.size());  // texts that have not ended
  for (size_t i = 0; i < open.size(); ++i) open[i] = i;
  for (int64_t count = 0; count < options.maximum_tokens && !open.empty();
       ++count) {
    const std::vector<IdRange> ranges(
        open.size(), {0, network.config().vocabulary.text_size});
    std::vector<DrawKey> draws;
    for (const size_t i : open) {
      draws.push_back(keys[i]);
      draws.back().token += count;
    }
    const std::vector<int32_t> ids =
        sample(network, hidden, ranges, draws, options.sampler);
    std::vector<size_t> still_open;
    std::vector<int64_t> open_slots;
    std::vector<TokenFeatures> features;
    for (size_t j = 0; j < open.size(); ++j) {
      if (ids[j] == options.end_of_text) continue;
      const size_t i = open[j];
      texts[i].push_back(ids[j]);
      still_open.push_back(i);
      open_slots.push_back(slots[i]);
      features.push_back(text_token(ids[j]));
    }
    open = std::move(still_open);
    if (open.empty() || count + 1 == options.maximum_tokens) break;
    std::vector<Chunk> chunks;
    for (const TokenFeatures& token : features) chunks.push_back({&token, {}});
    for (const int64_t slot : open_slots)
      if (cache.length(slot) == cache.capacity()) cache.evict(slot, 1);
    hidden = cache.append(open_slots, chunks);
  }
  return texts;
}

}  // namespace gato
