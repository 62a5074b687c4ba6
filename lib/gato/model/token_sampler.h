// Samples tokens from hidden states.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <vector>

#include "gato/data/vocabulary.h"
#include "gato/model/kv_cache.h"
#include "gato/model/network.h"

namespace gato::model {

struct SamplingOptions {
  double temperature = 1;  // > 0
  bool greedy = false;     // take the most likely id, the lowest one in a tie
  uint64_t seed = 0;
};

// The key of the random number for one token. It identifies the token, so that
// samples depend neither on the slot nor on the batch.
struct SampleKey {
  uint64_t episode = 0, step = 0, token = 0;
};

// Returns n ids for hidden states [n, d]. Id i is sampled from the logits of
// hidden[i] among the ids in ranges[i], the only ones that are computed. Throws
// Error(run_failed) if a logit is not finite.
std::vector<int32_t> sample_tokens(const Decoder& decoder,
                                   const at::Tensor& hidden,
                                   std::span<const data::IdRange> ranges,
                                   std::span<const SampleKey> keys,
                                   const SamplingOptions& options);
// The same with Network::logits(), which are fp32.
std::vector<int32_t> sample_tokens(const Network& network,
                                   const at::Tensor& hidden,
                                   std::span<const data::IdRange> ranges,
                                   std::span<const SampleKey> keys,
                                   const SamplingOptions& options);

struct TextGenerationOptions {
  SamplingOptions sampling;
  int32_t end_of_text = 0;  // id of </s>
  int64_t max_tokens = 64;
};

// Generates text for each slot until </s>, which is not returned, or for
// max_tokens tokens. `hidden` is the result of KvCache::append() for these
// slots. Token j of slots[i] has the key keys[i] with `token` increased by j.
// If a slot is full, its oldest token is evicted.
std::vector<std::vector<int32_t>> generate_text(
    KvCache& cache, std::span<const int64_t> slots, at::Tensor hidden,
    std::span<const SampleKey> keys, const TextGenerationOptions& options);

}  // namespace gato::model
