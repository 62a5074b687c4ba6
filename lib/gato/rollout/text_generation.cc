#include "gato/rollout/text_generation.h"

#include <c10/core/GradMode.h>

#include <numeric>
#include <utility>

#include "gato/base/signals.h"

namespace gato::rollout {

std::vector<GeneratedText> generate_text(model::KvCache& cache,
                                         std::span<const int64_t> slots,
                                         at::Tensor hidden,
                                         std::span<const model::SampleKey> keys,
                                         const TextGenerationOptions& options,
                                         const TokenCallback& on_token) {
  const c10::NoGradGuard no_grad;
  const data::IdRange text_ids = {
      0, cache.network().config().vocabulary.text_size};
  std::vector<GeneratedText> texts(slots.size());
  std::vector<size_t> active(slots.size());  // indices of unfinished texts
  std::iota(active.begin(), active.end(), size_t{0});
  model::SamplingOptions first_sampling = options.sampling;
  first_sampling.excluded_ids.insert(first_sampling.excluded_ids.end(),
                                     options.excluded_first_ids.begin(),
                                     options.excluded_first_ids.end());
  // Row j of `hidden` is the state after the last token of text active[j].
  for (int64_t count = 0; count < options.max_tokens && !active.empty();
       ++count) {
    base::throw_if_stopped();
    std::vector<model::SampleKey> sample_keys;
    for (const size_t i : active) {
      sample_keys.push_back(keys[i]);
      sample_keys.back().token += static_cast<uint64_t>(count);
    }
    const std::vector<int32_t> ids = model::sample_tokens(
        cache.decoder(), hidden, std::vector(active.size(), text_ids),
        sample_keys, count == 0 ? first_sampling : options.sampling);
    std::vector<size_t> still_active;
    std::vector<int64_t> active_slots;
    std::vector<data::TokenRow> chunks;
    for (size_t j = 0; j < active.size(); ++j) {
      const size_t i = active[j];
      if (ids[j] == options.end_of_text) {
        texts[i].is_complete = true;
        continue;
      }
      texts[i].ids.push_back(ids[j]);
      if (on_token) {
        on_token(i, ids[j]);
      }
      still_active.push_back(i);
      active_slots.push_back(slots[i]);
      chunks.push_back(text_row({&ids[j], 1}));
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

data::TokenRow text_row(std::span<const int32_t> ids) {
  data::TokenRow row;
  for (const int32_t id : ids) {
    row.push_back(id, data::Modality::text, data::TokenRow::kNoLocalPosition);
  }
  return row;
}

}  // namespace gato::rollout
