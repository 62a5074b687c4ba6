// Generates text token by token.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/model/kv_cache.h"
#include "gato/model/token_sampler.h"

namespace gato::rollout {

struct TextGenerationOptions {
  model::SamplingOptions sampling;
  int32_t end_of_text = 0;  // id of </s>
  int64_t max_tokens = 64;
  std::vector<int32_t> excluded_first_ids = {};  // never begin a text
};

struct GeneratedText {
  std::vector<int32_t> ids;  // without </s>
  bool is_complete = false;  // ended by </s>, not by max_tokens
};

// Called with the index of a text and its next id, as soon as that is known.
using TokenCallback = std::function<void(size_t text, int32_t id)>;

// Generates text for each slot, until </s> or for max_tokens tokens. `hidden`
// is the result of KvCache::append() for these slots. Token j of slots[i] has
// the key keys[i] with `token` increased by j. If a slot is full, its oldest
// token is evicted. All generated ids are in the cache in the end, except for
// </s> and the last id of a text that is not complete. Throws
// base::StoppedBySignal after a signal.
std::vector<GeneratedText> generate_text(model::KvCache& cache,
                                         std::span<const int64_t> slots,
                                         at::Tensor hidden,
                                         std::span<const model::SampleKey> keys,
                                         const TextGenerationOptions& options,
                                         const TokenCallback& on_token = {});

// Returns tokens of text as the network reads them.
data::TokenRow text_row(std::span<const int32_t> ids);

}  // namespace gato::rollout
